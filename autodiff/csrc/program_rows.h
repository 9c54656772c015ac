/* Matrices of derivatives of a recorded program: the rows of a Jacobian or of a Hessian, for one leaf of its tree.

   A gradient is written as more items behind those of the leaf, by the rules of the rows (templates, which are recorded once),
   in the order in which a recorded pass computes it.  So a row of the Hessian is reverse code over the longer list, seeded at
   one of the gradients, as a row of a Jacobian is reverse code seeded at one of the results.  That code is run for several
   rows at once, in lanes; and rows that share no column, by the pattern that is read off the program, share a lane.

   Read in this order: templates, the gradient as items, the pattern, colours, what is kept of a leaf, running. */
#ifndef AUTODIFF_PROGRAM_ROWS_H
#define AUTODIFF_PROGRAM_ROWS_H

#include "program.h"

/* ---- templates: the derivative of a row in one operand, of g, x, y and out */

enum { P_OF_G, P_OF_X, P_OF_Y, P_OF_OUT, P_OF_TEMPORARY };      /* negative: one of its numbers */

typedef struct {
    p_item *items;
    double *numbers;
    int count;
    int32_t result;
    int known;                  /* 0: not recorded yet, 1: recorded, -1: it cannot be */
} p_template;
static p_template p_templates[P_ROWS][2];

/* ---- the gradient as items */

enum { P_NONE = INT32_MIN };    /* no cotangent yet */

typedef struct {
    p_tree *t;
    p_item *items;
    int count, room;
    int failed;
} p_writer;

static double p_constant_of(const p_tree *t, int slot) { return t->constants[-1 - slot]; }

static int p_number(p_writer *w, double value)
{
    const p_tree *t = w->t;
    uint64_t bits, other;
    memcpy(&bits, &value, 8);
    for (int i = t->constant_count - 1; i >= 0 && i >= t->constant_count - 256; i--) {
        memcpy(&other, &t->constants[i], 8);
        if (bits == other) return -1 - i;
    }
    const int slot = p_constant_add(w->t, value);
    if (slot == 0) w->failed = 1;
    return slot == 0 ? -1 : slot;
}

static double p_value_of(int op, int row, double x, double y)
{
    switch (op) {
        case P_ADD: return x + y;
        case P_SUB: return x - y;
        case P_MUL: return x * y;
        case P_DIV: return x / y;
        case P_NEG: return -x;
        case P_SQUARE: return x * x;
        case P_SQRT: return sqrt(x);
        case P_CALL: return p_points[0][row].value(x, y);
        default: return x;
    }
}

/* A new item, or what it comes to where it needs none: of numbers a number, of 1 times something that. */
static int p_write(p_writer *w, int op, int row, int a, int b, int where)
{
    const int binary = p_binary(op);
    if (w->failed) return 0;
    if (a < 0 && (b < 0 || !binary) && op != P_WHERE && op != P_SELECT)
        return p_number(w, p_value_of(op, row, p_constant_of(w->t, a), p_constant_of(w->t, b < 0 ? b : a)));
    if (op == P_MUL && a < 0 && p_constant_of(w->t, a) == 1.0) return b;
    if ((op == P_MUL || op == P_DIV) && b < 0 && p_constant_of(w->t, b) == 1.0) return a;
    if (w->count == w->room) {
        const int room = 2 * w->room + 64;
        p_item *grown = realloc(w->items, room * sizeof *grown);
        if (grown == NULL) { w->failed = 1; return 0; }
        w->items = grown;
        w->room = room;
    }
    w->items[w->count] = (p_item){op, row, a, b, where};
    return w->count++;
}

/* The derivative of one item in one operand, times g; P_NONE where it is 0. */
static int p_apply(p_writer *w, const p_template *of, int g, int x, int y, int out, int where)
{
    int32_t known[64], *temporary = of->count <= 64 ? known : malloc(of->count * sizeof *temporary);
    int result;
    if (temporary == NULL) { w->failed = 1; return P_NONE; }
    #define AT(r) ((r) < 0 ? p_number(w, of->numbers[-1 - (r)]) : (r) == P_OF_G ? g : (r) == P_OF_X ? x \
        : (r) == P_OF_Y ? y : (r) == P_OF_OUT ? out : temporary[(r) - P_OF_TEMPORARY])
    for (int i = 0; i < of->count && !w->failed; i++) {
        const p_item *q = &of->items[i];
        const int a = AT(q->a), b = AT(q->b);
        if (q->op == P_WHERE) {         /* the condition is the item before, wherever that went */
            const int condition = temporary[i - 1];
            if (condition < 0) { temporary[i] = p_constant_of(w->t, condition) != 0 ? a : b; continue; }
            if (condition != w->count - 1) p_write(w, P_COPY, 0, condition, condition, where);
            temporary[i] = p_write(w, P_WHERE, 0, a, b, where);
        }
        else temporary[i] = p_write(w, q->op, q->row, a, b, where);
    }
    result = w->failed ? P_NONE : AT(of->result);
    #undef AT
    if (temporary != known) free(temporary);
    return result;
}

/* Behind the items of a path those of its gradient; gradient[i] is the slot of that of input i.  -1: memory is short, -2: a
   row has no template. */
static int p_gradient(p_writer *w, int top, const uint8_t *chosen, int seed, int32_t *gradient)
{
    const p_tree *t = w->t;
    uint8_t *active = calloc(top + 1, 1);
    int32_t *cotangent = malloc((top + 1) * sizeof *cotangent);
    int status = 0;
    if (!active || !cotangent) { free(active); free(cotangent); return -1; }
    p_activate(t, w->items, top, chosen, active);
    for (int i = 0; i < top; i++) cotangent[i] = P_NONE;
    if (seed >= 0 && active[seed]) cotangent[seed] = p_number(w, 1.0);
    for (int i = top - 1; i >= t->inputs && !status; i--) {
        if (!active[i] || cotangent[i] == P_NONE) continue;
        const p_item q = w->items[i];
        const int g = cotangent[i], row = q.row & (P_ROWS - 1);
        if (q.row & P_SINGLE) { status = -2; break; }
        for (int side = p_binary(q.op); side >= 0; side--) {
            const int slot = side ? q.b : q.a;
            int part = P_NONE;
            if (slot < 0 || !active[slot]) continue;
            if (q.op == P_COPY) part = g;
            else if (q.op == P_SELECT) part = side ? P_NONE : g;        /* it adds 0 */
            else if (q.op == P_WHERE) {
                if (i - 1 != w->count - 1) p_write(w, P_COPY, 0, i - 1, i - 1, q.where);
                part = side ? p_write(w, P_WHERE, 0, p_number(w, 0.0), g, q.where)
                            : p_write(w, P_WHERE, 0, g, p_number(w, 0.0), q.where);
            }
            else {
                const p_template *of = &p_templates[row][side];
                const p_point *point = &p_points[0][row];
                if ((q.op == P_CALL) && (side ? point->dy : point->dx) == NULL) continue;
                if (of->known <= 0) { status = -2; break; }
                part = p_apply(w, of, g, q.a, q.b, i, q.where);
            }
            if (part == P_NONE) continue;
            cotangent[slot] = cotangent[slot] == P_NONE ? part : p_write(w, P_ADD, p_row_add, cotangent[slot], part, q.where);
        }
        if (w->failed) status = -1;
    }
    for (int i = 0; i < t->inputs; i++)
        gradient[i] = !chosen[i] || cotangent[i] == P_NONE ? p_number(w, 0.0) : cotangent[i];
    free(active);
    free(cotangent);
    return w->failed ? -1 : status;
}

/* ---- the pattern: which columns the rows have, in order.  Sets are shared where one operand has all of them. */

typedef struct {
    int64_t *start;             /* of each row, and the end */
    int32_t *column;
} p_pattern;

/* Of which inputs each seed is made, by the number of their column.  1: it takes more than `limit` numbers. */
static int p_read_pattern(const p_tree *t, const p_item *items, int top, const uint8_t *chosen, const int32_t *number,
                          const int32_t *seeds, int count, size_t limit, p_pattern *made)
{
    uint8_t *active = calloc(top + 1, 1);
    int64_t *set = malloc((top + 1) * sizeof *set);         /* where it is: its length, then its columns */
    int64_t *start = malloc((count + 1) * sizeof *start);
    int32_t *pool = NULL, *column = NULL;
    size_t used = 0, room = 0;
    int status = -1;
    if (!active || !set || !start) goto done;
    p_activate(t, items, top, chosen, active);
    for (int i = 0; i < top; i++) set[i] = -1;
    for (int k = 0; k < count; k++) if (seeds[k] >= 0 && active[seeds[k]]) set[seeds[k]] = -2;      /* wanted */
    for (int i = top - 1; i >= t->inputs; i--) {
        const p_item *q = &items[i];
        if (set[i] != -2) continue;
        const p_point *point = &p_points[(q->row & P_SINGLE) != 0][q->row & (P_ROWS - 1)];
        const int call = q->op == P_CALL || q->op == P_CALL32;
        if (q->a >= 0 && active[q->a] && (!call || point->dx)) set[q->a] = -2;
        if (p_binary(q->op) && q->b >= 0 && active[q->b] && (!call || point->dy)) set[q->b] = -2;
    }
    for (int i = 0; i < top; i++) {
        const p_item *q = &items[i];
        size_t need = 2;
        int64_t a = -1, b = -1;
        if (set[i] != -2) continue;
        if (i >= t->inputs) {
            const p_point *point = &p_points[(q->row & P_SINGLE) != 0][q->row & (P_ROWS - 1)];
            const int call = q->op == P_CALL || q->op == P_CALL32;
            if (q->a >= 0 && active[q->a] && (!call || point->dx)) a = set[q->a];
            if (p_binary(q->op) && q->b >= 0 && active[q->b] && (!call || point->dy)) b = set[q->b];
            if (a < 0 || b < 0 || a == b) { set[i] = a < 0 ? b : a; continue; }
            need = 1 + (size_t)pool[a] + pool[b];
        }
        if (used + need > room) {
            room = 2 * room + need + 1024;
            int32_t *grown = realloc(pool, room * sizeof *grown);
            if (grown == NULL) goto done;
            pool = grown;
        }
        if (i < t->inputs) { pool[used] = 1; pool[used + 1] = number[i]; set[i] = (int64_t)used; used += 2; continue; }
        int n = 0, j = 0, k = 0;
        const int p = pool[a], r = pool[b];
        const int32_t *x = pool + a + 1, *y = pool + b + 1;
        int32_t *o = pool + used + 1;
        while (j < p && k < r) {
            if (x[j] < y[k]) o[n++] = x[j++];
            else if (y[k] < x[j]) o[n++] = y[k++];
            else { o[n++] = x[j++]; k++; }
        }
        while (j < p) o[n++] = x[j++];
        while (k < r) o[n++] = y[k++];
        if (n == p) set[i] = a;
        else if (n == r) set[i] = b;
        else {
            pool[used] = n;
            set[i] = (int64_t)used;
            used += n + 1;
            if (used > limit) { status = 1; goto done; }
        }
    }
    start[0] = 0;
    for (int k = 0; k < count; k++) {
        const int64_t at = seeds[k] >= 0 && active[seeds[k]] ? set[seeds[k]] : -1;
        start[k + 1] = start[k] + (at < 0 ? 0 : pool[at]);
        if ((size_t)start[k + 1] > limit) { status = 1; goto done; }
    }
    column = malloc((start[count] + 1) * sizeof *column);
    if (column == NULL) goto done;
    for (int k = 0; k < count; k++) {
        const int64_t at = seeds[k] >= 0 && active[seeds[k]] ? set[seeds[k]] : -1;
        if (at >= 0) memcpy(column + start[k], pool + at + 1, pool[at] * sizeof *column);
    }
    made->start = start;
    made->column = column;
    start = NULL;
    status = 0;
done:
    free(active);
    free(set);
    free(start);
    free(pool);
    return status;
}

/* ---- colours: rows of one colour are computed in one lane */

/* The transposed pattern. */
static int p_transposed(const p_pattern *of, int rows, int columns, p_pattern *made)
{
    const int64_t total = of->start[rows];
    int64_t *start = calloc(columns + 2, sizeof *start);
    int32_t *row = malloc((total + 1) * sizeof *row);
    if (!start || !row) { free(start); free(row); return -1; }
    for (int64_t k = 0; k < total; k++) start[of->column[k] + 2]++;
    for (int c = 0; c < columns; c++) start[c + 2] += start[c + 1];
    for (int i = 0; i < rows; i++)
        for (int64_t k = of->start[i]; k < of->start[i + 1]; k++) row[start[of->column[k] + 1]++] = i;
    made->start = start;
    made->column = row;
    return 0;
}

/* Rows that share no column may have one colour: greedily, in their order.  Returns how many colours, -1 without memory. */
static int p_colour_rows(const p_pattern *of, int rows, int columns, int32_t *colour)
{
    p_pattern by;
    int32_t *taken = malloc((rows + 1) * sizeof *taken);        /* by colour: the last row that may not have it */
    int colours = 0;
    if (taken == NULL || p_transposed(of, rows, columns, &by)) { free(taken); return -1; }
    for (int i = 0; i < rows; i++) taken[i] = -1;
    for (int i = 0; i < rows; i++) {
        for (int64_t k = of->start[i]; k < of->start[i + 1]; k++) {
            const int c = of->column[k];
            for (int64_t m = by.start[c]; m < by.start[c + 1] && by.column[m] < i; m++) taken[colour[by.column[m]]] = i;
        }
        int c = 0;
        while (c < colours && taken[c] == i) c++;
        colour[i] = c;
        if (c == colours) colours++;
    }
    free(by.start);
    free(by.column);
    free(taken);
    return colours;
}

/* Star colouring of a symmetric pattern (Gebremedhin, Tarafdar, Manne and Pothen, 2007, algorithm 4.1): neighbours differ, and
   a path over four has three colours at least, so that each element stands alone in the lane of its row or of its column. */
static int p_colour_stars(const p_pattern *of, int n, int32_t *colour)
{
    int32_t *taken = malloc((n + 1) * sizeof *taken);
    int colours = 0;
    if (taken == NULL) return -1;
    for (int i = 0; i < n; i++) colour[i] = taken[i] = -1;
    #define EACH(x, of_v) for (int64_t k_##x = of->start[of_v], x; k_##x < of->start[(of_v) + 1] && (x = of->column[k_##x], 1); k_##x++)
    for (int v = 0; v < n; v++) {
        EACH(w, v) {
            if (w == v) continue;
            if (colour[w] >= 0) taken[colour[w]] = v;
            EACH(x, w) {
                if (x == v || x == w || colour[x] < 0) continue;
                if (colour[w] < 0) { taken[colour[x]] = v; continue; }
                EACH(y, x) if (y != x && y != w && colour[y] == colour[w]) { taken[colour[x]] = v; break; }
            }
        }
        int c = 0;
        while (c < colours && taken[c] == v) c++;
        colour[v] = c;
        if (c == colours) colours++;
    }
    #undef EACH
    free(taken);
    return colours;
}

static int p_symmetric(const p_pattern *of, int n)
{
    p_pattern other;
    if (p_transposed(of, n, n, &other)) return 0;
    const int same = !memcmp(of->start, other.start, (n + 1) * sizeof *of->start)
        && !memcmp(of->column, other.column, of->start[n] * sizeof *of->column);
    free(other.start);
    free(other.column);
    return same;
}

/* ---- what is kept of a leaf */

enum { P_OF_RESULTS, P_OF_GRADIENT };

typedef struct p_rows {
    struct p_rows *next;
    int choice, kind;
    p_step *more;               /* what the gradient computes behind the values of the leaf; ends with P_END */
    int first;                  /* the slot of its first step */
    int32_t *slot;              /* by row: where its value is */
    p_code code;
    int rows, columns, slots;
    int32_t *column_input;      /* by column: its input */
    p_pattern pattern;          /* start NULL: all */
    int colours;                /* lanes that a sweep of all rows takes */
    int32_t *colour;
    int32_t *lane, *source;     /* by element of the pattern: where it stands alone, the lane and the place of cotangents */
} p_rows;

static void p_rows_free(p_rows *r)
{
    while (r != NULL) {
        p_rows *next = r->next;
        free(r->more);
        free(r->slot);
        free(r->code.code);
        free(r->code.input);
        free(r->code.seed);
        free(r->column_input);
        free(r->pattern.start);
        free(r->pattern.column);
        free(r->colour);
        free(r->lane);
        free(r->source);
        free(r);
        r = next;
    }
}

static p_rows *p_rows_of(const p_segment *leaf, int kind, int choice)
{
    for (p_rows *r = leaf->rows; r != NULL; r = r->next) if (r->kind == kind && r->choice == choice) return r;
    return NULL;
}

/* Where each element of the pattern is read.  -1: memory is short, or a colouring that does not tell all of them. */
static int p_place_elements(p_rows *r, int stars)
{
    const int64_t total = r->pattern.start[r->rows];
    int32_t *count = NULL;
    r->lane = malloc((total + 1) * sizeof *r->lane);
    r->source = malloc((total + 1) * sizeof *r->source);
    if (!r->lane || !r->source) return -1;
    if (stars) {
        count = calloc(r->colours + 1, sizeof *count);
        if (count == NULL) return -1;
    }
    for (int i = 0; i < r->rows; i++) {
        if (!stars) {
            for (int64_t k = r->pattern.start[i]; k < r->pattern.start[i + 1]; k++) {
                r->lane[k] = r->colour[i];
                r->source[k] = r->code.input[r->column_input[r->pattern.column[k]]];
            }
            continue;
        }
        /* Column i (of which the rows are the neighbours) in the lane of j, where no other neighbour of i has j's colour. */
        for (int64_t k = r->pattern.start[i]; k < r->pattern.start[i + 1]; k++) count[r->colour[r->pattern.column[k]]]++;
        for (int64_t k = r->pattern.start[i]; k < r->pattern.start[i + 1]; k++) {
            const int j = r->pattern.column[k];
            r->lane[k] = -1;
            if (count[r->colour[j]] == 1) {
                r->lane[k] = r->colour[j];
                r->source[k] = r->code.input[r->column_input[i]];
            }
        }
        for (int64_t k = r->pattern.start[i]; k < r->pattern.start[i + 1]; k++) count[r->colour[r->pattern.column[k]]] = 0;
    }
    free(count);
    if (!stars) return 0;
    for (int i = 0; i < r->rows; i++)
        for (int64_t k = r->pattern.start[i]; k < r->pattern.start[i + 1]; k++) {
            if (r->lane[k] >= 0) continue;
            /* ... else row i in that of i, at j: it is alone there, or the colouring is none. */
            const int j = r->pattern.column[k];
            for (int64_t m = r->pattern.start[j]; m < r->pattern.start[j + 1]; m++)
                if (r->pattern.column[m] != i && r->colour[r->pattern.column[m]] == r->colour[i]) return -1;
            r->lane[k] = r->colour[i];
            r->source[k] = r->code.input[r->column_input[j]];
        }
    return 0;
}

/* Rows of a leaf in the inputs `wanted`: code, pattern and colours.  0, -1: memory is short, -2: a row without a template, or a float32. */
static int p_rows_make(p_tree *t, p_segment *leaf, const int32_t *wanted, int columns, int choice, int kind, size_t limit)
{
    p_path path;
    p_writer w = {t, NULL, 0, 0, 0};
    p_rows *r = calloc(1, sizeof *r);
    int32_t *gradient = malloc((t->inputs + 1) * sizeof *gradient), *seeds = NULL;
    int32_t *number = malloc((t->inputs + 1) * sizeof *number);
    uint8_t *live = NULL, *chosen = calloc(t->inputs + 1, 1);
    int status = -1, top, n = 0;
    if (!r || !gradient || !number || !chosen || p_path_to(leaf, &path)) {
        free(r);
        free(gradient);
        free(number);
        free(chosen);
        return -1;
    }
    for (int k = 0; k < columns; k++) {
        chosen[wanted[k]] = 1;
        number[wanted[k]] = k;
    }
    w.items = path.items;
    w.count = top = path.top;
    w.room = path.top + 1;
    r->choice = choice;
    r->kind = kind;
    r->columns = columns;
    for (int i = 0; i < t->inputs; i++) if (t->single[i]) status = -2;
    for (int i = t->inputs; i < top; i++) if (path.items[i].row & P_SINGLE) status = -2;
    if (status == -2) goto failed;
    r->column_input = malloc((r->columns + 1) * sizeof *r->column_input);
    r->rows = kind == P_OF_RESULTS ? leaf->outs : r->columns;
    seeds = r->slot = malloc((r->rows + 1) * sizeof *seeds);
    if (!r->column_input || !seeds) goto failed;
    memcpy(r->column_input, wanted, columns * sizeof *wanted);
    if (kind == P_OF_RESULTS) for (int k = 0; k < r->rows; k++) seeds[k] = leaf->out[k] >= 0 ? leaf->out[k] : -1;
    else {
        status = p_gradient(&w, top, chosen, leaf->out[0], gradient);
        if (status) goto failed;
        status = -1;
        for (int k = 0; k < r->rows; k++) seeds[k] = gradient[r->column_input[k]];
    }
    if (p_reverse_code(t, w.items, w.count, chosen, seeds, r->rows, &r->code)) goto failed;
    live = calloc(w.count + 1, 1);
    r->more = malloc((w.count - top + 1) * sizeof *r->more);
    if (!live || !r->more) goto failed;
    for (int k = 0; k < r->rows; k++) P_MARK(live, seeds[k]);
    for (int i = w.count - 1; i >= top; i--) {
        const p_item *q = &w.items[i];
        if (!live[i]) continue;
        P_MARK(live, q->a);
        if (p_binary(q->op)) P_MARK(live, q->b);
        if (q->op == P_WHERE) live[i - 1] = 1;
    }
    for (int i = top; i < w.count; i++, n++) {
        r->more[n] = (p_step){live[i] ? w.items[i].op : P_DEAD, w.items[i].row, w.items[i].a, w.items[i].b};
        if (n && r->more[n - 1].op != P_DEAD) p_take_last(&r->more[n], i - 1);
    }
    r->more[n++] = (p_step){P_END, 0, 0, 0};
    r->first = top;
    r->slots = w.count;
    status = p_read_pattern(t, w.items, w.count, chosen, number, seeds, r->rows, limit, &r->pattern);
    if (status < 0) goto failed;
    if (status == 0) {
        int stars = 0;
        status = -1;
        r->colour = malloc((r->rows + 1) * sizeof *r->colour);
        if (r->colour == NULL) goto failed;
        r->colours = p_colour_rows(&r->pattern, r->rows, r->columns, r->colour);
        if (r->colours < 0) goto failed;
        if (kind == P_OF_GRADIENT && r->colours > 2 && p_symmetric(&r->pattern, r->rows)) {
            int32_t *other = malloc((r->rows + 1) * sizeof *other);
            if (other == NULL) goto failed;
            const int colours = p_colour_stars(&r->pattern, r->rows, other);
            if (colours >= 0 && colours < r->colours) {
                free(r->colour);
                r->colour = other;
                r->colours = colours;
                stars = 1;
            }
            else free(other);
        }
        if (p_place_elements(r, stars)) goto failed;
        t->bytes += 3 * p_taken((r->pattern.start[r->rows] + 1) * sizeof(int32_t)) + p_taken((r->rows + 1) * sizeof(int32_t))
            + p_taken((r->rows + 1) * sizeof(int64_t));
    }
    t->bytes += p_taken(n * sizeof *r->more) + p_taken(r->code.size) + p_taken(sizeof *r)
        + 2 * p_taken((r->rows + 1) * sizeof(int32_t)) + p_taken((r->columns + 1) * sizeof(int32_t))
        + p_taken((t->inputs + 1) * sizeof(int32_t));
    if (r->slots > t->slots) t->slots = r->slots;
    if (r->code.places + 1 > t->adjoints) t->adjoints = r->code.places + 1;
    r->next = leaf->rows;
    leaf->rows = r;
    r = NULL;
    status = 0;
failed:
    p_rows_free(r);
    free(gradient);
    free(number);
    free(chosen);
    free(live);
    free(w.items);
    free(path.segments);
    return status;
}

/* ---- running */

/* All values of the gradient, behind those of the leaf. */
static void p_more(const p_rows *r, double *v)
{
    int reason;
    p_run(NULL, r->more, v, v + r->first, &reason);
}

static void p_seed(const p_rows *r, double *g, int row, int lane, double value)
{
    if (r->code.seed[row] >= 0) g[(ptrdiff_t)r->code.seed[row] * P_LANES + lane] += value;
}

/* The elements of the pattern, in its order; g has P_LANES for each place.  Whether all are finite. */
static int p_elements(const p_rows *r, const double *v, double *g, double *elements)
{
    const int64_t total = r->pattern.start[r->rows];
    double sum = 0.0;
    for (int first = 0; first < r->colours; first += P_LANES) {
        for (int i = 0; i < r->rows; i++)
            if (r->code.seed[i] >= 0) {
                double *row = g + (ptrdiff_t)r->code.seed[i] * P_LANES;
                for (int k = 0; k < P_LANES; k++) row[k] = 0.0;
            }
        for (int i = 0; i < r->rows; i++)
            if (r->colour[i] >= first && r->colour[i] < first + P_LANES) p_seed(r, g, i, r->colour[i] - first, 1.0);
        p_level->lanes_backward(r->code.code, v, g);
        if (r->colours <= P_LANES) {
            for (int64_t k = 0; k < total; k++) elements[k] = g[(ptrdiff_t)r->source[k] * P_LANES + r->lane[k]];
            break;
        }
        for (int64_t k = 0; k < total; k++) {
            const int lane = r->lane[k] - first;
            if (lane >= 0 && lane < P_LANES) elements[k] = g[(ptrdiff_t)r->source[k] * P_LANES + lane];
        }
    }
    for (int64_t k = 0; k < total; k++) sum += elements[k] * 0.0;
    return sum == 0.0;
}

/* All elements, row by row, each row in a lane of its own. */
static void p_matrix(const p_rows *r, const double *v, double *g, double *matrix)
{
    for (int first = 0; first < r->rows; first += P_LANES) {
        const int n = r->rows - first < P_LANES ? r->rows - first : P_LANES;
        for (int i = 0; i < r->rows; i++)
            if (r->code.seed[i] >= 0) {
                double *row = g + (ptrdiff_t)r->code.seed[i] * P_LANES;
                for (int k = 0; k < P_LANES; k++) row[k] = 0.0;
            }
        for (int i = 0; i < n; i++) p_seed(r, g, first + i, i, 1.0);
        p_level->lanes_backward(r->code.code, v, g);
        for (int i = 0; i < n; i++)
            for (int c = 0; c < r->columns; c++) {
                const int place = r->code.input[r->column_input[c]];
                const int reached = place >= 0 && r->code.seed[first + i] >= 0;
                matrix[(ptrdiff_t)(first + i) * r->columns + c] = reached ? g[(ptrdiff_t)place * P_LANES + i] : 0.0;
            }
    }
}

/* One row of a Jacobian by code of its own, which has no step that it does not depend on: where another row's derivative is
   infinite, a cotangent of 0 would make NaN of it.  -1: memory is short. */
static int p_row_alone(const p_tree *t, p_segment *leaf, const p_rows *r, int row, const double *v, double *found)
{
    p_path path;
    p_code code;
    uint8_t *chosen = calloc(t->inputs + 1, 1);
    double *g = NULL;
    int status = -1;
    if (chosen == NULL || p_path_to(leaf, &path)) { free(chosen); return -1; }
    for (int c = 0; c < r->columns; c++) chosen[r->column_input[c]] = 1;
    if (!p_reverse_code(t, path.items, path.top, chosen, &r->slot[row], 1, &code)) {
        g = malloc((code.places + 2) * P_LANES * sizeof *g);
        if (g != NULL) {
            if (code.seed[0] >= 0)
                for (int k = 0; k < P_LANES; k++) g[(ptrdiff_t)code.seed[0] * P_LANES + k] = 1.0;
            p_level->lanes_backward(code.code, v, g);
            for (int c = 0; c < r->columns; c++) {
                const int place = code.input[r->column_input[c]];
                found[c] = place < 0 || code.seed[0] < 0 ? 0.0 : g[(ptrdiff_t)place * P_LANES];
            }
            status = 0;
        }
        free(code.code);
        free(code.input);
        free(code.seed);
        free(g);
    }
    free(chosen);
    p_path_free(&path);
    return status;
}

/* One row that is a sum of rows, by weights: a product from the left. */
static void p_combined(const p_rows *r, const double *v, double *g, const double *weights, double *result)
{
    for (int i = 0; i < r->rows; i++)
        if (r->code.seed[i] >= 0) {
            double *row = g + (ptrdiff_t)r->code.seed[i] * P_LANES;
            for (int k = 0; k < P_LANES; k++) row[k] = 0.0;
        }
    for (int i = 0; i < r->rows; i++) p_seed(r, g, i, 0, weights[i]);
    p_level->lanes_backward(r->code.code, v, g);
    for (int c = 0; c < r->columns; c++) {
        const int place = r->code.input[r->column_input[c]];
        result[c] = place < 0 ? 0.0 : g[(ptrdiff_t)place * P_LANES];
    }
}

/* The matrix at each point of a block: 1, there is no code for it; 2, a value that is not finite, so that eager has others. */
static int p_block_rows(p_sweep *w, const p_segment *leaf, uint64_t alive, const int32_t *index, int n)
{
    const p_rows *r = p_rows_of(leaf, w->kind, w->choice);
    double sum[P_BLOCK] = {0};
    if (r == NULL) return 1;
    p_level->forward(r->more, w->v, r->first);
    for (ptrdiff_t k = 0; k < (ptrdiff_t)r->rows * r->columns; k++)
        for (int m = 0; m < n; m++) if (alive >> m & 1) w->gradients[k * w->count + index[m]] = 0.0;
    const int coloured = r->pattern.start != NULL, lanes = coloured ? r->colours : r->rows;
    for (int lane = 0; lane < lanes; lane++) {
        for (int again = 0; again < 2; again++)
            for (int i = 0; i < r->rows; i++) {
                if (r->code.seed[i] < 0) continue;
                double *row = w->g + (ptrdiff_t)r->code.seed[i] * P_BLOCK;
                const double one = (coloured ? r->colour[i] : i) == lane;
                if (!again) for (int k = 0; k < P_BLOCK; k++) row[k] = 0.0;
                else if (one != 0) for (int k = 0; k < P_BLOCK; k++) row[k] += 1.0;
            }
        p_level->backward(r->code.code, w->v, w->g);
        for (int i = coloured ? 0 : lane; i < (coloured ? r->rows : lane + 1); i++) {
            const int64_t first = coloured ? r->pattern.start[i] : 0, end = coloured ? r->pattern.start[i + 1] : r->columns;
            for (int64_t k = first; k < end; k++) {
                if (coloured && r->lane[k] != lane) continue;
                const int column = coloured ? r->pattern.column[k] : (int)k;
                const int place = coloured ? r->source[k] : r->code.input[r->column_input[column]];
                if (place < 0 || r->code.seed[i] < 0) continue;
                double *row = w->gradients + ((ptrdiff_t)i * r->columns + column) * w->count;
                const double *from = w->g + (ptrdiff_t)place * P_BLOCK;
                for (int m = 0; m < n; m++) {
                    if (!(alive >> m & 1)) continue;
                    row[index[m]] = from[m];
                    sum[m] += from[m] * 0.0;
                }
            }
        }
    }
    for (int m = 0; m < n; m++) if ((alive >> m & 1) && sum[m] != 0.0) return 2;
    return 0;
}

/* The tangents of a leaf's values, for those of the first `given` inputs, over the values of a run; by the rules of a forward
   pass.  The others have none: one of 0 would make NaN of an infinite value. */
static int p_push(const p_tree *t, const p_segment *leaf, const double *v, double *tangent, int given)
{
    int depth = 0;
    for (const p_segment *s = leaf; s != NULL; s = s->parent) depth++;
    const p_segment **path = malloc((depth + 1) * sizeof *path);
    uint8_t *active = calloc(t->slots + 1, 1);
    if (!path || !active) { free(path); free(active); return -1; }
    for (const p_segment *s = leaf; s != NULL; s = s->parent) path[--depth] = s;
    for (int i = 0; i < given; i++) active[i] = 1;
    for (;; depth++) {
        int slot = path[depth]->start;
        for (const p_step *p = path[depth]->code; !p_is_turn(p->op & P_OP); p++, slot++) {
            if (p->op == P_DEAD) continue;
            const int op = p->op & P_OP, call = op == P_CALL || op == P_CALL32, row = p->row & (P_ROWS - 1);
            const p_point *point = &p_points[op == P_CALL32][row];
            const double x = v[p->a], y = v[p->b], out = v[slot];
            const int binary = p_binary(op);
            int from_a = p->a >= 0 && active[p->a] && (!call || point->dx), from_b = binary && p->b >= 0 && active[p->b]
                && (!call || point->dy);
            double a = from_a ? tangent[p->a] : 0.0, b = from_b ? tangent[p->b] : 0.0;
            if (op == P_CHECK) continue;
            if (op == P_SELECT) b = 0.0;
            if (op == P_WHERE) { if (v[slot - 1] != 0) b = 0.0; else a = 0.0; }
            switch (op) {
                case P_SUB: b = -b; break;
                case P_MUL: a *= y; b *= x; break;
                case P_DIV: a /= y; b = -b * (x / y) / y; break;
                case P_NEG: a = -a; break;
                case P_SQUARE: a *= 2 * x; break;
                case P_SQRT: a /= 2 * out; break;
                case P_CALL: case P_CALL32:
                    if (from_a) a = point->dx(a, x, y, out);
                    if (from_b) b = point->dy(b, x, y, out);
                    break;
                default: break;
            }
            active[slot] = from_a || from_b;
            tangent[slot] = from_a && from_b ? a + b : from_a ? a : b;
            if (p->row & P_SINGLE) tangent[slot] = (float)tangent[slot];
        }
        if (path[depth] == leaf) break;
    }
    for (int i = 0; i < leaf->outs; i++)
        if (leaf->out[i] >= 0 && !active[leaf->out[i]]) tangent[leaf->out[i]] = 0.0;
    free(path);
    free(active);
    return 0;
}

#endif
