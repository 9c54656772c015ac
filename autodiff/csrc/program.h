/* Recorded programs of scalars: a tree of straight-line segments, what is made of it to be run, and the running.

   A segment ends in a guard, which has a child for each way that was seen, or is a leaf, where the function returned.
   Values have slots, numbered from the inputs on along the path from the root, so that children share what their ancestors
   computed; constants have negative ones.  A recording is a list of items that knows nothing of the tree; merge() compares
   it with what the tree has and hangs up what is new, at once, so that a recording which fails leaves nothing behind.

   Read in this order: the structs, merging, code for a forward run, code for a reverse run, the two interpreters,
   blocks of points. */
#ifndef AUTODIFF_PROGRAM_H
#define AUTODIFF_PROGRAM_H

#include <stdlib.h>
#include <string.h>

#include "program_types.h"

AUTODIFF_HIDDEN p_point p_points[2][P_ROWS];
/* The loops of the CPU level that is used. */
static const p_loops *p_level = &p_loops_baseline;
/* Rows whose derivatives are written out below. */
static int p_row_exp = -1, p_row_log = -1, p_row_add = -1;

typedef struct {                /* reverse code of one leaf, for one choice of inputs */
    p_back *code;               /* its own, which goes on in that of other leaves where a segment is theirs, too */
    uint64_t *reached;          /* a bit for each input: whether it has a gradient, which is at the input's number */
    int seed, choice;           /* seed -1: the result depends on no input */
} p_reverse;

/* Where other leaves may go on: reverse code of a segment from its end on, for a choice of inputs. */
typedef struct p_entry {
    struct p_entry *next;
    const p_back *code;
    int choice, count;
    int32_t slot[];             /* what has a cotangent here, without the inputs: slots, and as many places */
} p_entry;

typedef struct p_segment {
    struct p_segment *parent, *child[2];
    p_step *code;               /* the items, and the turn; behind them their places in the user's code */
    int32_t *need;              /* inputs that are first read here, on the way from the root */
    p_entry *entries;
    int start, count, needs;
    int dead;                   /* how many items are; -1: nobody looked yet */
    int turn;                   /* P_END: a leaf; 0 (no turn): not yet merged */
    /* A segment that is no leaf, and not the root, has no memory from here on. */
    int leaf;                   /* the number of a leaf */
    int outs;
    int32_t *out;               /* of a leaf: the slots of its results */
    p_reverse *reverse;
    int reverses;
    struct p_rows *rows;        /* matrices of derivatives, see program_rows.h */
    long long runs;
} p_segment;
static void p_rows_free(struct p_rows *r);

typedef struct {
    p_segment *root;
    int inputs;
    uint8_t *single;            /* of the inputs: a float32 */
    double *constants;
    int constant_count, constant_room;
    int slots, adjoints, leaves, depth;
    double *memory, *v, *g;     /* v: constants below, values above; g: cotangents */
    int memory_constants, memory_slots, memory_adjoints;
    size_t bytes;
} p_tree;

/* ---- merging */

/* What a piece of memory takes: glibc's rounding, which others are near.  Of small segments it is a quarter. */
static size_t p_taken(size_t size) { return size <= 24 ? 32 : (size + 23) & ~(size_t)15; }

static p_segment *p_segment_new(p_tree *t, p_segment *parent, int start, int leaf)
{
    const size_t size = leaf ? sizeof(p_segment) : offsetof(p_segment, leaf);
    p_segment *s = calloc(1, size);
    if (s == NULL) return NULL;
    s->parent = parent;
    s->start = start;
    s->dead = -1;
    t->bytes += p_taken(size);
    return s;
}

static int32_t *p_places(const p_segment *s) { return (int32_t *)(s->code + s->count + 1); }

/* An item of a segment, and after the last its turn.  One that is dead has its op above its row. */
static p_item p_item_of(const p_segment *s, int i)
{
    const p_step *p = &s->code[i];
    const int where = p_places(s)[i];
    if (p->op != P_DEAD) return (p_item){p->op & P_OP, p->row, p->a, p->b, where};
    return (p_item){p->row >> P_ROW_BITS & 31, p->row & (P_SINGLE | (P_ROWS - 1)), p->a, p->b, where};
}

static int p_lives(const p_segment *s, int i) { return s->code[i].op != P_DEAD; }

static p_tree *p_tree_new(int inputs, const uint8_t *single)
{
    p_tree *t = calloc(1, sizeof *t);
    if (t == NULL) return NULL;
    t->inputs = inputs;
    t->slots = inputs;
    t->single = malloc(inputs + 1);
    t->root = p_segment_new(t, NULL, inputs, 1);
    if (t->single == NULL || t->root == NULL) {
        free(t->single);
        free(t->root);
        free(t);
        return NULL;
    }
    memcpy(t->single, single, inputs);
    t->bytes += p_taken(sizeof *t) + p_taken(inputs + 1);
    return t;
}

static void p_segment_free(p_segment *s)
{
    while (s->entries != NULL) {
        p_entry *next = s->entries->next;
        free(s->entries);
        s->entries = next;
    }
    if (s->turn == P_END) {
        for (int i = 0; i < s->reverses; i++) {
            free(s->reverse[i].code);
            free(s->reverse[i].reached);
        }
        free(s->reverse);
        p_rows_free(s->rows);
        free(s->out);
    }
    free(s->code);
    free(s->need);
    free(s);
}

/* Frees a segment and all below it, without recursion: a long loop has a guard for each step. */
static void p_prune(p_segment *top)
{
    p_segment *s = top, *up, *end = top->parent;
    while (s != end) {
        if (s->child[0]) s = s->child[0];
        else if (s->child[1]) s = s->child[1];
        else {
            up = s->parent;
            if (up != NULL) up->child[up->child[1] == s] = NULL;
            p_segment_free(s);
            s = up;
        }
    }
}

static void p_tree_free(p_tree *t)
{
    if (t == NULL) return;
    p_prune(t->root);
    free(t->single);
    free(t->constants);
    free(t->memory);
    free(t);
}

static int p_same(const p_segment *s, int i, const p_item *b)
{
    const p_item found = p_item_of(s, i), *a = &found;
    return a->op == b->op && a->row == b->row && a->a == b->a && a->b == b->b;
}

/* Where a recording leaves the tree: the segment and the items before it are what the tree has.  Returns 0 if it goes on
   where no branch is yet, 1 if the tree has all of it, -1 if the tree has something else there. */
static int p_follow(const p_tree *t, const p_item *items, int count, p_segment **at, int *way, int *done)
{
    p_segment *s = t->root;
    int i = 0;
    *way = -1;
    *at = s;
    *done = 0;
    if (s->turn == 0) return 0;
    for (;;) {
        for (int k = 0; k < s->count; k++, i++)
            if (i == count || !p_same(s, k, &items[i])) { *done = i; return -1; }
        if (s->turn == P_END) {
            *at = s;
            *done = i;
            return i == count ? 1 : -1;
        }
        if (i == count) { *done = i; return -1; }
        const p_item *q = &items[i];
        const p_step *turn = &s->code[s->count];
        int w = q->row;
        if (s->turn != q->op || turn->a != q->a) { *done = i; return -1; }
        if (q->op == P_INT) w = turn->b == q->b;      /* else another number, which is asked further down */
        else if (turn->b != q->b) { *done = i; return -1; }
        if (q->op != P_INT || w) i++;
        *at = s;
        *way = w;
        *done = i;
        if (s->child[w] == NULL) return 0;
        s = s->child[w];
    }
}

/* What is new of a recording, as a chain of segments below `at`; NULL if memory is short, with the tree as it was. */
static p_segment *p_hang(p_tree *t, const p_item *items, int count, p_segment *at, int way, int done)
{
    size_t before = t->bytes;
    int start = way < 0 ? t->inputs : at->start + at->count, depth = 0, next = done;
    while (next < count && !p_is_turn(items[next].op)) next++;
    p_segment *top = way < 0 ? at : p_segment_new(t, NULL, start, next == count), *s = top;
    if (top == NULL) return NULL;
    for (;;) {
        const int n = next - done, leaf = next == count;
        const size_t size = (n + 1) * (sizeof(p_step) + sizeof(int32_t));
        s->code = malloc(size);
        if (s->code == NULL) goto failed;
        s->count = n;
        t->bytes += p_taken(size);
        int32_t *places = p_places(s);
        for (int k = 0; k < n; k++) {
            const p_item *q = &items[done + k];
            s->code[k] = (p_step){q->op, q->row, q->a, q->b};
            places[k] = q->where;
        }
        s->code[n] = (p_step){P_END, 0, 0, 0};
        places[n] = 0;
        s->turn = P_END;
        done = next;
        if (leaf) break;
        const p_item *turn = &items[done];
        s->code[n] = (p_step){turn->op, 0, turn->a, turn->b};
        places[n] = turn->where;
        s->turn = turn->op;
        int w = turn->op == P_INT ? 1 : turn->row;
        for (next = ++done; next < count && !p_is_turn(items[next].op);) next++;
        s->child[w] = p_segment_new(t, s, s->start + n, next == count);
        if (s->child[w] == NULL) goto failed;
        s = s->child[w];
        depth++;
    }
    s->leaf = t->leaves++;
    if (way >= 0) {
        at->child[way] = top;
        top->parent = at;
    }
    for (p_segment *up = s; up != NULL; up = up->parent) depth++;
    if (depth > t->depth) t->depth = depth;
    if (s->start + s->count > t->slots) t->slots = s->start + s->count;
    return s;

failed:
    t->bytes = before;
    if (way >= 0) p_prune(top);
    else {
        for (int w = 0; w < 2; w++) {
            if (top->child[w] != NULL) p_prune(top->child[w]);
            top->child[w] = NULL;
        }
        free(top->code);
        top->code = NULL;
        top->count = 0;
        top->turn = 0;
    }
    return NULL;
}

/* Room for the slots of a leaf's results. */
static int32_t *p_results(p_tree *t, p_segment *leaf, int count)
{
    leaf->out = malloc((count + 1) * sizeof *leaf->out);
    if (leaf->out == NULL) return NULL;
    leaf->outs = count;
    t->bytes += p_taken((count + 1) * sizeof *leaf->out);
    return leaf->out;
}

/* ---- code for a forward run */

/* The path to a leaf as one list of items by slot, and its segments from the root down. */
typedef struct { p_item *items; p_segment **segments; int top, depth; } p_path;

static int p_path_to(p_segment *leaf, p_path *path)
{
    path->depth = 0;
    path->top = leaf->start + leaf->count;
    for (p_segment *s = leaf; s != NULL; s = s->parent) path->depth++;
    path->items = malloc((path->top + 1) * sizeof(p_item));
    path->segments = malloc((path->depth + 1) * sizeof(p_segment *));
    if (path->items == NULL || path->segments == NULL) {
        free(path->items);
        free(path->segments);
        return -1;
    }
    int i = path->depth;
    for (p_segment *s = leaf; s != NULL; s = s->parent) {
        path->segments[--i] = s;
        for (int k = 0; k < s->count; k++) path->items[s->start + k] = p_item_of(s, k);
    }
    return 0;
}

static void p_path_free(p_path *path) { free(path->items); free(path->segments); }

#define P_MARK(set, slot) do { if ((slot) >= 0) (set)[slot] = 1; } while (0)

/* Marks what the items of a segment read that are to live; whether there are such as did not. */
static int p_mark(const p_segment *s, uint8_t *live)
{
    int more = s->dead < 0;
    for (int k = s->count - 1; k >= 0 && s->dead; k--) {
        const p_item q = p_item_of(s, k);
        if (q.op == P_CHECK) live[s->start + k] = 1;
        if (!live[s->start + k] || (s->dead > 0 && p_lives(s, k))) continue;
        more = 1;
        P_MARK(live, q.a);
        if (p_binary(q.op)) P_MARK(live, q.b);
        if (q.op == P_WHERE) live[s->start + k - 1] = 1;
    }
    return more;
}

/* The code of a segment: what lives, and the inputs that it reads before anything on its path does. */
static int p_render_segment(p_tree *t, p_segment *s, const uint8_t *live, uint8_t *read, int32_t *need)
{
    int needs = 0, dead = 0;
    #define P_NEED(slot) do { \
        const int at = (slot); \
        if (at >= 0 && at < t->inputs && !read[at]) { read[at] = 1; need[needs++] = at; } \
    } while (0)
    for (int k = 0; k < s->count; k++) {
        const p_item q = p_item_of(s, k);
        if (!live[s->start + k] && (s->dead < 0 || !p_lives(s, k))) {
            s->code[k] = (p_step){P_DEAD, q.row | q.op << P_ROW_BITS, q.a, q.b};
            dead++;
            continue;
        }
        s->code[k] = (p_step){q.op, q.row, q.a, q.b};
        if (k && p_lives(s, k - 1) && q.op <= P_CALL) {
            if (q.a == s->start + k - 1) s->code[k].op |= P_FIRST;
            else if (q.op <= P_DIV && q.b == s->start + k - 1) s->code[k].op |= P_SECOND;
        }
        P_NEED(q.a);
        if (p_binary(q.op)) P_NEED(q.b);
    }
    s->dead = dead;
    if (s->turn != P_END) {
        P_NEED(s->code[s->count].a);
        P_NEED(s->code[s->count].b);
    }
    else for (int k = 0; k < s->outs; k++) P_NEED(s->out[k]);
    #undef P_NEED
    if (needs) {
        int32_t *made = realloc(s->need, needs * sizeof *made);
        if (made == NULL) return -1;
        memcpy(made, need, needs * sizeof *made);
        s->need = made;
        t->bytes += p_taken(needs * sizeof *made);
        t->bytes -= s->needs ? p_taken(s->needs * sizeof *made) : 0;
        s->needs = needs;
    }
    return 0;
}

/* Code for the segments on the path to a leaf.  Live is what any leaf needs, so that a new one can only add: a segment of which
   all lives, as most do, stays as it is. */
static int p_render(p_tree *t, p_segment *leaf)
{
    int depth = 0, i, status;
    for (p_segment *s = leaf; s != NULL; s = s->parent) depth++;
    uint8_t *live = calloc(leaf->start + leaf->count + 1, 1), *read = calloc(t->inputs + 1, 1), *changed = malloc(depth);
    int32_t *need = malloc((t->inputs + 1) * sizeof *need);
    p_segment **path = malloc(depth * sizeof *path);
    status = !live || !read || !changed || !need || !path ? -1 : 0;
    if (!status) for (i = 0; i < leaf->outs; i++) P_MARK(live, leaf->out[i]);
    i = depth;
    for (p_segment *s = leaf; s != NULL && !status; s = s->parent) {
        if (s->dead < 0 && s->turn != P_END) {
            P_MARK(live, s->code[s->count].a);
            P_MARK(live, s->code[s->count].b);
        }
        path[--i] = s;
        changed[i] = p_mark(s, live);
    }
    for (i = 0; i < depth && !status; i++) {
        if (changed[i]) status = p_render_segment(t, path[i], live, read, need);
        else for (int k = 0; k < path[i]->needs; k++) read[path[i]->need[k]] = 1;
    }
    free(live);
    free(read);
    free(changed);
    free(need);
    free(path);
    return status;
}

/* ---- code for a reverse run */

static int p_slot_single(const p_tree *t, const p_item *items, int slot)
{
    return slot < t->inputs ? t->single[slot] : (items[slot].row & P_SINGLE) != 0;
}

/* Which slots depend on the inputs that are chosen, by derivatives. */
static void p_activate(const p_tree *t, const p_item *items, int top, const uint8_t *chosen, uint8_t *active)
{
    for (int i = 0; i < t->inputs; i++) active[i] = chosen[i];
    for (int i = t->inputs; i < top; i++) {
        const p_item *q = &items[i];
        const p_point *point = &p_points[(q->row & P_SINGLE) != 0][q->row & (P_ROWS - 1)];
        const int call = q->op == P_CALL || q->op == P_CALL32;
        active[i] = q->op != P_CHECK && ((q->a >= 0 && active[q->a] && (!call || point->dx != NULL))
            || (p_binary(q->op) && q->b >= 0 && active[q->b] && (!call || point->dy != NULL)));
    }
}

/* What makes reverse code, item by item from the last on.  The first contribution to a cotangent sets it, later ones add, in
   the order of a pass that differentiates (newest first, the right operand before the left); sums hand their cotangent on;
   places are used again. */
typedef struct {
    const p_tree *t;
    const p_item *items;
    uint8_t *active;
    int32_t *place;             /* by slot; -1: no cotangent */
    int32_t *spare;
    int32_t *open, *at;         /* the slots that have a cotangent and no code yet, and where they stand there */
    char *code;
    size_t size, room;
    int spares, places, opens;
    int last;                   /* where the step before leaves its value; -1: it is not known what comes before */
} p_maker;

static int p_maker_new(p_maker *m, const p_tree *t, const p_item *items, int top, const uint8_t *chosen)
{
    *m = (p_maker){.t = t, .items = items, .room = 4096, .last = -1};
    m->active = malloc(top + 1);
    m->place = malloc((4 * (size_t)top + 4) * sizeof *m->place);
    m->code = malloc(m->room);
    if (!m->active || !m->place || !m->code) {
        free(m->active);
        free(m->place);
        free(m->code);
        return -1;
    }
    m->spare = m->place + top + 1;
    m->open = m->spare + top + 1;
    m->at = m->open + top + 1;
    p_activate(t, items, top, chosen, m->active);
    memset(m->place, -1, top * sizeof *m->place);
    return 0;
}

static void p_maker_free(p_maker *m) { free(m->active); free(m->place); free(m->code); }

/* Whether there is room for n more steps. */
static int p_maker_room(p_maker *m, size_t n)
{
    if (m->size + n * P_LONG <= m->room) return 1;
    const size_t room = 2 * m->room + n * P_LONG;
    char *grown = realloc(m->code, room);
    if (grown == NULL) return 0;
    m->code = grown;
    m->room = room;
    return 1;
}

static int p_open(p_maker *m, int slot, int place)
{
    m->place[slot] = place;
    m->at[slot] = m->opens;
    m->open[m->opens++] = slot;
    return place;
}

static int p_take(p_maker *m) { return m->spares ? m->spare[--m->spares] : m->places++; }

/* `flag` where a cotangent is added to, else 0: it is set, in a new place. */
static inline int p_to(p_maker *m, int slot, int flag)
{
    if (m->place[slot] >= 0) return flag;
    p_open(m, slot, p_take(m));
    return 0;
}

static inline void p_emit(p_maker *m, int how, int row, int g, int ga, int gb, int x, int y)
{
    const p_back step = {how < B_END && g == m->last ? how | B_LAST : how, row, g, ga, x, gb, y};
    memcpy(m->code + m->size, &step, sizeof step);
    m->last = ga;
    m->size += p_size(how);
}

/* Code for the item of a slot, at most three steps: there is room. */
static void p_make(p_maker *m, int i)
{
    const p_item *q = &m->items[i];
    const int op = q->op, g = m->place[i], a = q->a, b = q->b, row = q->row;
    const p_point *point = &p_points[(row & P_SINGLE) != 0][row & (P_ROWS - 1)];
    const int call = op == P_CALL || op == P_CALL32;
    int32_t *place = m->place;
    if (!m->active[i] || g < 0) return;
    const int last = m->open[--m->opens];
    m->open[m->at[i]] = last;
    m->at[last] = m->at[i];
    const int to_a = a >= 0 && m->active[a] && (!call || point->dx != NULL);
    const int to_b = p_binary(op) && b >= 0 && m->active[b] && (!call || point->dy != NULL);
    const int narrow_a = to_a && p_slot_single(m->t, m->items, a), narrow_b = to_b && p_slot_single(m->t, m->items, b);
    const int narrows = narrow_a || narrow_b;
    if (!narrows && (op == P_ADD || (op == P_SUB && to_a) || op == P_COPY)) {
        int kept = 0;               /* a copy costs nothing: the place is handed on */
        if (to_b && op == P_ADD && place[b] < 0) { p_open(m, b, g); kept = 1; }
        else if (to_b) {
            const int add = place[b] >= 0;
            if (!add && to_a) p_open(m, b, p_take(m));
            else if (!add) { p_open(m, b, g); kept = 1; }
            p_emit(m, (op == P_ADD ? B_COPY : B_NEG) + add, 0, g, place[b], 0, 0, 0);
        }
        if (to_a) {
            if (place[a] >= 0) p_emit(m, B_COPY + 1, 0, g, place[a], 0, 0, 0);
            else if (!kept) { p_open(m, a, g); kept = 1; }
            else {
                p_open(m, a, p_take(m));
                p_emit(m, B_COPY, 0, g, place[a], 0, 0, 0);
            }
        }
        if (!kept) m->spare[m->spares++] = g;
        return;
    }
    if (!narrows && (op == P_MUL || op == P_DIV) && to_a && to_b) {
        m->spare[m->spares++] = g;      /* both are computed before either is written */
        int how = p_to(m, b, 2);
        how |= p_to(m, a, 1);
        p_emit(m, (op == P_MUL ? B_MUL : B_DIV) + how, 0, g, place[a], place[b], a, b);
        return;
    }
    if (narrows || op == P_CALL || op == P_CALL32 || op == P_SELECT || op == P_WHERE) {
        /* Two steps may read the cotangent: its place is free after the second. */
        const int known = (row & (P_ROWS - 1)), plain = op == P_CALL && !narrows;
        if (to_b) {
            if (!to_a) m->spare[m->spares++] = g;
            const int add = p_to(m, b, 1);
            if (op == P_WHERE) p_emit(m, B_DROP + add, 0, g, place[b], 0, i - 1, 0);
            else if (op == P_SELECT) p_emit(m, B_ZERO + add, 0, g, place[b], 0, 0, 0);
            else p_emit(m, B_DY + add + 2 * narrow_b, row, g, place[b], i, a, b);
        }
        if (to_a) {
            m->spare[m->spares++] = g;
            const int add = p_to(m, a, 1);
            if (op == P_WHERE) p_emit(m, B_PICK + add, 0, g, place[a], 0, i - 1, 0);
            else if (op == P_SELECT || op == P_COPY) p_emit(m, (narrow_a ? B_COPY32 : B_COPY) + add, 0, g, place[a], 0, 0, 0);
            else if (plain && known == p_row_exp) p_emit(m, B_SCALE + add, 0, g, place[a], 0, i, 0);
            else if (plain && known == p_row_log) p_emit(m, B_DIV_X + add, 0, g, place[a], 0, a, 0);
            else p_emit(m, B_DX + add + 2 * narrow_a, row, g, place[a], i, a, b);
        }
        return;
    }
    m->spare[m->spares++] = g;
    const int slot = to_a ? a : b, add = p_to(m, slot, 1);
    int how = B_COPY, x = 0, y = 0;
    switch (op) {
        case P_SUB: case P_NEG: how = B_NEG; break;
        case P_MUL: how = B_SCALE; x = to_a ? b : a; break;
        case P_DIV: if (to_a) { how = B_DIV_X; x = b; } else { how = B_DIV_Y; x = a; y = b; } break;
        case P_SQUARE: how = B_SQUARE; x = a; break;
        case P_SQRT: how = B_SQRT; x = i; break;
        default: break;
    }
    p_emit(m, how + add, 0, g, place[slot], 0, x, y);
}

/* The code, which is the caller's from now on. */
static p_back *p_finish(p_maker *m)
{
    char *code = realloc(m->code, m->size);
    if (code == NULL) code = m->code;
    m->code = NULL;
    return (p_back *)code;
}

/* Reverse code of a list of items in the inputs that are chosen, from seeds that have a place of their own each. */
typedef struct {
    p_back *code;
    int32_t *input;             /* the place of each input's gradient; -1: it is 0 */
    int32_t *seed;              /* the place of each seed; -1: it depends on no input */
    size_t size;
    int places;
} p_code;

static int p_reverse_code(const p_tree *t, const p_item *items, int top, const uint8_t *chosen, const int32_t *seeds, int seed_count,
                          p_code *made)
{
    p_maker maker, *m = &maker;
    int32_t *input = malloc((t->inputs + 1) * sizeof *input), *seed = malloc((seed_count + 1) * sizeof *seed);
    int status = !input || !seed || p_maker_new(m, t, items, top, chosen);
    if (status) { free(input); free(seed); return -1; }
    for (int k = 0; k < seed_count; k++) {
        const int i = seeds[k];
        if (i >= 0 && m->active[i]) p_to(m, i, 0);
        seed[k] = i >= 0 && m->active[i] ? m->place[i] : -1;
    }
    for (int i = top - 1; i >= t->inputs && !status; i--) {
        status = !p_maker_room(m, 4);
        if (!status) p_make(m, i);
    }
    for (int i = 0; i < t->inputs; i++) input[i] = m->active[i] ? m->place[i] : -1;
    if (!status) {
        p_emit(m, B_END, 0, 0, 0, 0, 0, 0);
        made->code = p_finish(m);
        made->size = m->size;
        made->input = input;
        made->seed = seed;
        made->places = m->places;
    }
    else { free(input); free(seed); }
    p_maker_free(m);
    return status ? -1 : 0;
}

/* ---- reverse code that leaves share

   What the sweep of a leaf does in a segment depends on nothing but which slots have a cotangent when it arrives at the
   segment's end.  So there it goes on in the code of another leaf that had the same ones, whose places it moves its own to.
   For that each input has its place from the start, its number, which holds -0.0 before anything is added to it (which no bit
   of a sum shows): else which inputs were reached already would be told apart, too, and leaves that read an input each, as
   steps of a loop do, would share nothing. */

/* The entry of a segment whose slots are those that are open; NULL: there is none. */
static const p_entry *p_entry_of(const p_maker *m, const p_segment *s, int choice)
{
    for (const p_entry *e = s->entries; e != NULL; e = e->next) {
        int k = 0;
        if (e->choice != choice || e->count != m->opens) continue;
        while (k < e->count && m->place[e->slot[k]] >= 0) k++;
        if (k == e->count) return e;
    }
    return NULL;
}

/* Cotangents to the places of an entry: each goes when nothing is left where it goes to; of a ring the first steps aside. */
static int p_move(p_maker *m, const p_entry *e)
{
    int spare = m->places, n = 0, status = -1;
    for (int k = 0; k < e->count; k++) if (e->slot[e->count + k] >= spare) spare = e->slot[e->count + k] + 1;
    int32_t *source = malloc((3 * (size_t)spare + 3) * sizeof *source);         /* by place: what comes there, -1: nothing */
    if (source == NULL || !p_maker_room(m, 2 * e->count + 2)) goto done;
    int32_t *user = source + spare + 1, *ready = user + spare + 1;              /* where it goes to, and what may be written */
    memset(source, -1, (2 * (size_t)spare + 2) * sizeof *source);
    for (int k = 0; k < e->count; k++) {
        const int from = m->place[e->slot[k]], to = e->slot[e->count + k];
        if (from == to) continue;
        source[to] = from;
        user[from] = to;
    }
    for (int k = 0; k < e->count; k++) {
        const int to = e->slot[e->count + k];
        if (source[to] >= 0 && user[to] < 0) ready[n++] = to;
    }
    for (int k = 0; k <= e->count; k++) {
        while (n) {
            const int to = ready[--n], from = source[to];
            p_emit(m, B_COPY, 0, from, to, 0, 0, 0);
            source[to] = user[from] = -1;
            if (from < spare && source[from] >= 0) ready[n++] = from;
        }
        if (k == e->count) break;
        const int to = e->slot[e->count + k];
        if (source[to] < 0) continue;
        p_emit(m, B_COPY, 0, to, spare, 0, 0, 0);          /* a ring */
        source[user[to]] = spare;
        user[spare] = user[to];
        user[to] = -1;
        ready[n++] = to;
        m->places = spare + 1;
    }
    status = 0;
done:
    free(source);
    return status;
}

/* The inputs to whose gradients code adds. */
static void p_reach(const p_back *p, int inputs, uint64_t *reached)
{
    for (; p->op != B_END; p = p_after(p, p_size(p->op))) {
        while (p->op == B_GO) p = p_target(p);
        if (p->op == B_END) return;
        if (p->ga < inputs) reached[p->ga >> 6] |= (uint64_t)1 << (p->ga & 63);
        const int op = p->op & B_OP;
        if (op >= B_MUL && op < B_DX && p->gb < inputs) reached[p->gb >> 6] |= (uint64_t)1 << (p->gb & 63);
    }
}

/* Whether what stands at an entry may be remembered there: that takes at most a quarter of the code since the last one. */
static int p_worth(size_t size, int slots)
{
    return size >= 4 * (sizeof(p_entry) + (size_t)slots * 2 * sizeof(int32_t));
}

static p_entry *p_entry_new(const p_maker *m, int choice)
{
    p_entry *e = malloc(sizeof *e + (size_t)m->opens * 2 * sizeof(int32_t));
    if (e == NULL) return NULL;
    *e = (p_entry){NULL, NULL, choice, m->opens};
    for (int k = 0; k < m->opens; k++) {
        e->slot[k] = m->open[k];
        e->slot[m->opens + k] = m->place[m->open[k]];
    }
    return e;
}

/* The reverse code of a leaf: of its one result, or of the first where the others only go along (aux). */
static p_reverse *p_reversed(p_tree *t, p_segment *leaf, const uint8_t *chosen, int choice, int aux)
{
    for (int i = 0; i < leaf->reverses; i++) if (leaf->reverse[i].choice == choice) return &leaf->reverse[i];
    const int words = (t->inputs + 63) / 64, out = leaf->outs == 1 || (aux && leaf->outs > 1) ? leaf->out[0] : -1;
    p_path path;
    p_maker maker, *m = &maker;
    p_reverse *made = NULL, *grown = realloc(leaf->reverse, (leaf->reverses + 1) * sizeof *grown);
    if (grown == NULL) return NULL;
    leaf->reverse = grown;
    if (p_path_to(leaf, &path)) return NULL;
    if (p_maker_new(m, t, path.items, path.top, chosen)) { p_path_free(&path); return NULL; }
    uint64_t *reached = calloc(words + 1, sizeof *reached);
    p_entry **entry = calloc(path.depth + 1, sizeof *entry);            /* new ones, by segment of the path */
    size_t *before = malloc((path.depth + 1) * sizeof *before), last = 0;       /* ... and how much code comes before */
    const p_back *next = NULL;
    if (reached == NULL || entry == NULL || before == NULL) goto done;
    m->places = t->inputs;
    for (int i = 0; i < t->inputs; i++) if (chosen[i]) m->place[i] = i;
    const int seed = out >= 0 && m->active[out];
    if (seed) p_to(m, out, 0);
    for (int k = path.depth - 1; k >= 0 && m->opens; k--) {
        const p_segment *s = path.segments[k];
        if (s != leaf) {
            const p_entry *e = p_entry_of(m, s, choice);
            if (e != NULL) {
                if (p_move(m, e)) goto done;
                next = e->code;
                break;
            }
            if (p_worth(m->size - last, m->opens)) {
                entry[k] = p_entry_new(m, choice);
                if (entry[k] == NULL) goto done;
                before[k] = last = m->size;
                m->last = -1;
            }
        }
        for (int i = s->start + s->count - 1; i >= s->start; i--) {
            if (!p_maker_room(m, 4)) goto done;
            p_make(m, i);
        }
    }
    if (!p_maker_room(m, 1)) goto done;
    p_emit(m, next != NULL ? B_GO : B_END, 0, 0, 0, 0, 0, 0);
    if (next != NULL) memcpy(m->code + m->size - P_SHORT + offsetof(p_back, ga), &next, sizeof next);
    p_back *code = p_finish(m);
    p_reach(code, t->inputs, reached);
    if (seed && out < t->inputs) reached[out >> 6] |= (uint64_t)1 << (out & 63);
    for (int k = 0; k < path.depth; k++) {
        p_entry *e = entry[k];
        if (e == NULL) continue;
        e->code = p_after(code, (int)before[k]);
        e->next = path.segments[k]->entries;
        path.segments[k]->entries = e;
        entry[k] = NULL;
        t->bytes += p_taken(sizeof *e + (size_t)e->count * 2 * sizeof(int32_t));
    }
    made = &leaf->reverse[leaf->reverses++];
    *made = (p_reverse){code, reached, seed ? m->place[out] : -1, choice};
    reached = NULL;
    t->bytes += p_taken(leaf->reverses * sizeof *made) + p_taken(m->size) + p_taken((words + 1) * sizeof *reached);
    t->bytes -= leaf->reverses > 1 ? p_taken((leaf->reverses - 1) * sizeof *made) : 0;
    if (m->places + 1 > t->adjoints) t->adjoints = m->places + 1;
done:
    if (entry != NULL) for (int k = 0; k < path.depth; k++) free(entry[k]);
    free(entry);
    free(before);
    free(reached);
    p_path_free(&path);
    p_maker_free(m);
    return made;
}

/* Where the gradient of an input is after the reverse code of a leaf; -1: it is 0. */
static inline int p_gradient_at(const p_reverse *r, int input)
{
    return r->seed >= 0 && r->reached[input >> 6] >> (input & 63) & 1 ? input : -1;
}

/* Cotangents as reverse code takes them; `lanes` of each. */
static inline void p_begin(const p_reverse *r, int inputs, double *g, int lanes)
{
    for (int word = 0; word < (inputs + 63) / 64; word++) {
        uint64_t bits = r->reached[word];
        for (int i = 64 * word; bits; i++, bits >>= 1)
            if (bits & 1) for (int k = 0; k < lanes; k++) g[(ptrdiff_t)i * lanes + k] = -0.0;
    }
    for (int k = 0; k < lanes; k++) g[(ptrdiff_t)r->seed * lanes + k] = 1.0;
}

/* The gradients of a leaf at the values of a run, each at the place p_gradient_at(). */
static void p_backward(const p_back *p, const double *restrict v, double *restrict g);
static void p_differentiate(const p_tree *t, const p_reverse *r)
{
    if (r->seed < 0) return;
    p_begin(r, t->inputs, t->g, 1);
    p_backward(r->code, t->v, t->g);
}

/* Memory for values and cotangents, constants in place. */
static int p_room(p_tree *t)
{
    if (t->memory != NULL && t->memory_constants == t->constant_count && t->memory_slots >= t->slots
        && t->memory_adjoints >= t->adjoints) return 0;
    const size_t size = ((size_t)t->constant_count + t->slots + t->adjoints + 2) * sizeof(double);
    double *made = malloc(size);
    if (made == NULL) return -1;
    t->bytes += p_taken(size);
    if (t->memory != NULL)
        t->bytes -= p_taken(((size_t)t->memory_constants + t->memory_slots + t->memory_adjoints + 2) * sizeof(double));
    free(t->memory);
    t->memory = made;
    t->memory_constants = t->constant_count;
    t->memory_slots = t->slots;
    t->memory_adjoints = t->adjoints;
    t->v = made + t->constant_count;
    t->g = t->v + t->slots + 1;
    for (int i = 0; i < t->constant_count; i++) t->v[-1 - i] = t->constants[i];
    return 0;
}

static int p_constant_add(p_tree *t, double value)
{
    if (t->constant_count == t->constant_room) {
        int room = 2 * t->constant_room + 16;
        double *grown = realloc(t->constants, room * sizeof(double));
        if (grown == NULL) return 0;
        t->bytes += p_taken(room * sizeof(double));
        t->bytes -= t->constant_room ? p_taken(t->constant_room * sizeof(double)) : 0;
        t->constants = grown;
        t->constant_room = room;
    }
    t->constants[t->constant_count++] = value;
    return -t->constant_count;
}

/* ---- the interpreters: each step jumps to the next one's, where the compiler can */

#if defined(__GNUC__)
#  define P_CASE(name) L_##name
#  define B_CASE(number) L_##number
#  define B_FROM(number) F_##number
#  define P_GO goto *labels[p->op]
#else
#  define P_CASE(name) case name
#  define B_CASE(number) case number
#  define B_FROM(number) case B_LAST + number
#  define P_GO continue
#endif

/* Runs from the inputs to a leaf.  NULL: no branch is there, *reason 0, or a value left what the recording holds for, 1. */
static p_segment *p_forward(p_segment *s, double *restrict v, int *reason)
{
    const p_step *p = s->code;
    double *o = v + s->start, last = 0.0;
    int way;
#if defined(__GNUC__)
    static const void *const labels[] = {
        [P_ADD] = &&L_P_ADD, &&L_P_SUB, &&L_P_MUL, &&L_P_DIV, &&L_P_NEG, &&L_P_SQUARE, &&L_P_SQRT, &&L_P_CALL, &&L_P_CALL32,
        &&L_P_COPY, &&L_P_SELECT, &&L_P_WHERE, &&L_P_DEAD, &&L_P_CHECK, &&L_P_LT, &&L_P_LE, &&L_P_GT, &&L_P_GE, &&L_P_EQ, &&L_P_NE,
        &&L_P_INT, &&L_P_END,
        [P_ADD_F] = &&L_P_ADD_F, &&L_P_SUB_F, &&L_P_MUL_F, &&L_P_DIV_F, &&L_P_NEG_F, &&L_P_SQUARE_F, &&L_P_SQRT_F, &&L_P_CALL_F,
        [P_ADD_S] = &&L_P_ADD_S, &&L_P_SUB_S, &&L_P_MUL_S, &&L_P_DIV_S};
    P_GO;
#else
    for (;;) switch (p->op) {
#endif
    #define STEP(E) last = E; *o++ = last; p++; P_GO
    #define BINARY(NAME, SIGN) \
        P_CASE(NAME): STEP(v[p->a] SIGN v[p->b]); \
        P_CASE(NAME##_F): STEP(last SIGN v[p->b]); \
        P_CASE(NAME##_S): STEP(v[p->a] SIGN last);
    BINARY(P_ADD, +)
    BINARY(P_SUB, -)
    BINARY(P_MUL, *)
    BINARY(P_DIV, /)
    P_CASE(P_NEG): STEP(-v[p->a]);
    P_CASE(P_NEG_F): STEP(-last);
    P_CASE(P_SQUARE): STEP(v[p->a] * v[p->a]);
    P_CASE(P_SQUARE_F): STEP(last * last);
    P_CASE(P_SQRT): STEP(sqrt(v[p->a]));
    P_CASE(P_SQRT_F): STEP(sqrt(last));
    P_CASE(P_CALL): STEP(p_points[0][p->row].value(v[p->a], v[p->b]));
    P_CASE(P_CALL_F): STEP(p_points[0][p->row].value(last, v[p->b]));
    P_CASE(P_CALL32): STEP(p_points[1][p->row & (P_ROWS - 1)].value(v[p->a], v[p->b]));
    P_CASE(P_COPY): P_CASE(P_SELECT): STEP(v[p->a]);
    P_CASE(P_WHERE): STEP(o[-1] != 0 ? v[p->a] : v[p->b]);
    #undef STEP
    #undef BINARY
    P_CASE(P_DEAD): do p++, o++; while (p->op == P_DEAD); P_GO;
    P_CASE(P_CHECK):
        if (!isfinite(v[p->a])) { *reason = 1; return NULL; }
        o++;
        p++;
        P_GO;
    P_CASE(P_LT): way = v[p->a] < v[p->b]; goto turn;
    P_CASE(P_LE): way = v[p->a] <= v[p->b]; goto turn;
    P_CASE(P_GT): way = v[p->a] > v[p->b]; goto turn;
    P_CASE(P_GE): way = v[p->a] >= v[p->b]; goto turn;
    P_CASE(P_EQ): way = v[p->a] == v[p->b]; goto turn;
    P_CASE(P_NE): way = v[p->a] != v[p->b]; goto turn;
    P_CASE(P_INT): way = trunc(v[p->a]) == v[p->b]; goto turn;
    turn:
        s = s->child[way];
        if (s == NULL) { *reason = 0; return NULL; }
        p = s->code;
        P_GO;
    P_CASE(P_END): return s;
#if !defined(__GNUC__)
    default: return s;
    }
#endif
}

static void p_backward(const p_back *p, const double *restrict v, double *restrict g)
{
    double c, x, y, last = 0.0;
#if defined(__GNUC__)
    static const void *const labels[] = {
        &&L_0, &&L_1, &&L_2, &&L_3, &&L_4, &&L_5, &&L_6, &&L_7, &&L_8, &&L_9, &&L_10, &&L_11, &&L_12, &&L_13, &&L_14, &&L_15,
        &&L_16, &&L_17, &&L_18, &&L_19, &&L_20, &&L_21, &&L_22, &&L_23, &&L_24, &&L_25, &&L_26, &&L_27, &&L_28, &&L_29, &&L_30,
        &&L_31, &&L_32, &&L_33, &&L_34, &&L_35, &&L_36, &&L_37, &&L_38, &&L_39,
        [B_LAST] = &&F_0, &&F_1, &&F_2, &&F_3, &&F_4, &&F_5, &&F_6, &&F_7, &&F_8, &&F_9, &&F_10, &&F_11, &&F_12, &&F_13, &&F_14,
        &&F_15, &&F_16, &&F_17, &&F_18, &&F_19, &&F_20, &&F_21, &&F_22, &&F_23, &&F_24, &&F_25, &&F_26, &&F_27, &&F_28, &&F_29,
        &&F_30, &&F_31, &&F_32, &&F_33, &&F_34, &&F_35, &&F_36, &&F_37};
    P_GO;
#else
    for (;;) switch (p->op) {
#endif
    /* Sets, adds; the cotangent from its place, and from the step before.  Each leaves what is at ga in `last`. */
    #define LEAVE(E, size) last = E; g[p->ga] = last; p = p_after(p, size); P_GO
    #define BOTH(number, ...) \
        B_CASE(number): c = g[p->g]; __VA_ARGS__; \
        B_FROM(number): c = last; __VA_ARGS__;
    #define ONE(set, add, E) \
        BOTH(set, LEAVE(E, p_size(set))) \
        BOTH(add, y = E; LEAVE(g[p->ga] + y, p_size(set)))
    #define ONE32(set, add, E) \
        BOTH(set, LEAVE((float)(E), p_size(set))) \
        BOTH(add, y = (float)(E); LEAVE((float)(g[p->ga] + y), p_size(set)))
    #define TWO(n0, n1, n2, n3, X, Y) \
        BOTH(n0, x = X; y = Y; g[p->gb] = y; LEAVE(x, P_LONG)) \
        BOTH(n1, x = X; y = Y; g[p->gb] = y; LEAVE(g[p->ga] + x, P_LONG)) \
        BOTH(n2, x = X; y = Y; g[p->gb] += y; LEAVE(x, P_LONG)) \
        BOTH(n3, x = X; y = Y; g[p->gb] += y; LEAVE(g[p->ga] + x, P_LONG))
    #define POINT (&p_points[(p->row & P_SINGLE) != 0][p->row & (P_ROWS - 1)])
    ONE(0, 1, c)
    ONE(2, 3, -c)
    ONE(4, 5, c * v[p->x])
    ONE(6, 7, c * (2 * v[p->x]))
    ONE(8, 9, c / v[p->x])
    ONE(10, 11, -c * (v[p->x] / v[p->y]) / v[p->y])
    ONE(12, 13, c / (2 * v[p->x]))
    ONE(14, 15, 0.0)
    TWO(16, 17, 18, 19, c * v[p->y], c * v[p->x])
    TWO(20, 21, 22, 23, c / v[p->y], -c * (v[p->x] / v[p->y]) / v[p->y])
    ONE(24, 25, POINT->dx(c, v[p->x], v[p->y], v[p->gb]))
    ONE32(26, 27, POINT->dx(c, v[p->x], v[p->y], v[p->gb]))
    ONE(28, 29, POINT->dy(c, v[p->x], v[p->y], v[p->gb]))
    ONE32(30, 31, POINT->dy(c, v[p->x], v[p->y], v[p->gb]))
    ONE32(32, 33, c)
    ONE(34, 35, v[p->x] != 0 ? c : 0.0)
    ONE(36, 37, v[p->x] != 0 ? 0.0 : c)
    B_CASE(38): return;
    B_CASE(39): p = p_target(p); P_GO;
#if !defined(__GNUC__)
    default: return;
    }
#endif
    #undef LEAVE
    #undef BOTH
    #undef ONE
    #undef ONE32
    #undef TWO
    #undef POINT
}

/* ---- blocks of points: each step is a loop over 64 of them, whose length the compiler knows */

/* A point that left its block: where, and how it would have gone on; at NULL: by Python. */
typedef struct { p_segment *at; int way; int32_t index; } p_left;
enum { P_BACK = 2 };            /* `way` of a leaf without the reverse code that is wanted */

typedef struct {
    p_tree *t;
    const double **column;      /* of each input, and 1 where each point has its own, else 0 */
    const int *step;
    double *values, *gradients; /* results: of gradients a row of `count` for each input in `wanted` */
    const int *wanted;
    int active, choice;         /* choice -1: values alone */
    int kind;                   /* -1: values and gradients, else that of the rows that are wanted, see program_rows.h */
    ptrdiff_t count;
    p_left *left;
    int lefts, left_room;
    double *memory, *v, *g;
    int constants, slots, adjoints;
} p_sweep;

static int p_sweep_room(p_sweep *w)
{
    const p_tree *t = w->t;
    if (w->memory != NULL && w->constants == t->constant_count && w->slots == t->slots && w->adjoints == t->adjoints) return 0;
    double *made = malloc(((size_t)(t->constant_count + t->slots + t->adjoints + 2) * P_BLOCK + 8) * sizeof(double));
    if (made == NULL) return -1;
    free(w->memory);
    w->memory = made;
    while ((uintptr_t)made & 63) made++;        /* vectors of 64 bytes do not lie across two lines of the cache */
    w->constants = t->constant_count;
    w->slots = t->slots;
    w->adjoints = t->adjoints;
    w->v = made + (size_t)t->constant_count * P_BLOCK;
    w->g = w->v + (size_t)(t->slots + 1) * P_BLOCK;
    for (int i = 0; i < t->constant_count; i++) {
        double *row = w->v - (size_t)(i + 1) * P_BLOCK, value = t->constants[i];
        for (int k = 0; k < P_BLOCK; k++) row[k] = value;
    }
    for (int i = 0; i < t->inputs; i++) {       /* what all points have in common stays there */
        double *row = w->v + (size_t)i * P_BLOCK, value = w->column[i][0];
        for (int k = 0; k < P_BLOCK && !w->step[i]; k++) row[k] = value;
    }
    return 0;
}

/* The inputs that are first read in a segment: those that are read further down are not gathered for points that leave. */
static void p_load(const p_sweep *w, const p_segment *s, const int32_t *index, int dense)
{
    for (int j = 0; j < s->needs; j++) {
        const int i = s->need[j];
        double *row = w->v + (ptrdiff_t)i * P_BLOCK;
        const double *from = w->column[i];
        if (!w->step[i]) continue;
        if (dense) memcpy(row, from + index[0], P_BLOCK * sizeof *row);
        else for (int k = 0; k < P_BLOCK; k++) row[k] = from[index[k]];
    }
}

static int p_leave(p_sweep *w, p_segment *at, int way, uint64_t lanes, const int32_t *index)
{
    for (int k = 0; k < P_BLOCK; k++) {
        if (!(lanes >> k & 1)) continue;
        if (w->lefts == w->left_room) {
            int room = 2 * w->left_room + 256;
            p_left *grown = realloc(w->left, room * sizeof *grown);
            if (grown == NULL) return -1;
            w->left = grown;
            w->left_room = room;
        }
        w->left[w->lefts++] = (p_left){at, way, index[k]};
    }
    return 0;
}

static int p_count_lanes(uint64_t lanes)
{
    int n = 0;
    for (; lanes; lanes &= lanes - 1) n++;
    return n;
}

#if defined(__GNUC__)
#  define P_COUNT(counter, n) __atomic_fetch_add(counter, n, __ATOMIC_RELAXED)
#else
#  define P_COUNT(counter, n) (*(counter) += (n))
#endif

static int p_block_rows(p_sweep *w, const p_segment *leaf, uint64_t alive, const int32_t *index, int n);

/* Up to 64 points from the inputs on: at a turn the majority goes on, the others are left, to be run again together. */
static int p_block_run(p_sweep *w, const int32_t *given, int n)
{
    const p_tree *t = w->t;
    p_segment *s = t->root;
    const p_step *p = s->code;
    double *v = w->v, *g = w->g;
    int32_t index[P_BLOCK];
    uint64_t alive = n == P_BLOCK ? ~(uint64_t)0 : ((uint64_t)1 << n) - 1;
    for (int k = 0; k < P_BLOCK; k++) index[k] = given[k < n ? k : n - 1];
    int dense = n == P_BLOCK;
    for (int k = 1; k < P_BLOCK; k++) dense &= index[k] == index[0] + k;
    p_load(w, s, index, dense);
    for (;;) {
        p = p_level->forward(p, v, s->start + (int)(p - s->code));
        if (p->op == P_CHECK) {
            uint64_t out = alive & ~p_level->turn(p, v);
            if (out && p_leave(w, NULL, 0, out, index)) return -1;
            alive &= ~out;
            if (!alive) return 0;
            p++;
            continue;
        }
        if (p->op == P_END) break;
        uint64_t yes = alive & p_level->turn(p, v), no = alive & ~yes;
        int way = !no || (yes && p_count_lanes(yes) > p_count_lanes(no));
        uint64_t others = way ? no : yes;
        if (others && p_leave(w, s, !way, others, index)) return -1;
        alive = way ? yes : no;
        if (s->child[way] == NULL) return p_leave(w, s, way, alive, index);
        s = s->child[way];
        p = s->code;
        p_load(w, s, index, dense);
    }
    p_reverse *r = NULL;
    if (s->outs != 1 || s->out[0] < 0) return p_leave(w, NULL, 0, alive, index);
    if (w->kind >= 0) {
        const int status = p_block_rows(w, s, alive, index, n);
        if (status) return status < 0 ? -1 : p_leave(w, status == 1 ? s : NULL, status == 1 ? P_BACK : 0, alive, index);
    }
    else if (w->choice >= 0) {
        for (int i = 0; i < s->reverses; i++) if (s->reverse[i].choice == w->choice) r = &s->reverse[i];
        if (r == NULL) return p_leave(w, s, P_BACK, alive, index);
        if (r->seed >= 0) {
            p_begin(r, t->inputs, g, P_BLOCK);
            p_level->backward(r->code, v, g);
        }
    }
    P_COUNT(&s->runs, p_count_lanes(alive));
    const double *out = v + (ptrdiff_t)s->out[0] * P_BLOCK;
    for (int k = 0; k < n; k++) if (alive >> k & 1) w->values[index[k]] = out[k];
    for (int i = 0; r != NULL && i < w->active; i++) {
        double *row = w->gradients + i * w->count;
        const int place = p_gradient_at(r, w->wanted[i]);
        const double *from = g + (ptrdiff_t)place * P_BLOCK;
        for (int k = 0; k < n; k++) if (alive >> k & 1) row[index[k]] = place < 0 ? 0.0 : from[k];
    }
    return 0;
}

/* ---- many blocks, on several threads.  What a point has does not depend on who computes it, nor which block it is in on how
   many there are; those that left are put in order afterwards. */

typedef struct { ptrdiff_t first; int n; } p_span;

typedef struct {
    p_sweep *scratch;           /* one for each thread that may be at work: the first is how all begin */
    int *taken;
    int scratches;
    const int32_t *index;       /* of the points; NULL: as they stand */
    const p_span *span;
    ptrdiff_t spans;
    int failed;
} p_many;

enum { P_CHUNK = 4 };           /* blocks that are taken at once */

#if defined(__GNUC__)
#  define P_TAKE(flag) (!__atomic_exchange_n(flag, 1, __ATOMIC_ACQUIRE))
#  define P_GIVE(flag) __atomic_store_n(flag, 0, __ATOMIC_RELEASE)
#else
#  define P_TAKE(flag) (!*(flag) && (*(flag) = 1))       /* there is one thread, see threads.h */
#  define P_GIVE(flag) (*(flag) = 0)
#endif

static void p_chunk(void *work, ptrdiff_t chunk)
{
    p_many *many = work;
    int own = 0;
    while (!P_TAKE(&many->taken[own])) own = (own + 1) % many->scratches;
    p_sweep *w = &many->scratch[own];
    int failed = p_sweep_room(w);
    for (ptrdiff_t i = chunk * P_CHUNK; i < many->spans && i < (chunk + 1) * P_CHUNK && !failed; i++) {
        const p_span *span = &many->span[i];
        int32_t index[P_BLOCK];
        for (int k = 0; k < span->n; k++) index[k] = many->index ? many->index[span->first + k] : (int32_t)(span->first + k);
        failed = p_block_run(w, index, span->n);
    }
    if (failed) many->failed = 1;
    P_GIVE(&many->taken[own]);
}

static int p_left_order(const void *x, const void *y)
{
    const p_left *a = x, *b = y;
    if (a->at != b->at) {
        const int i = a->at == NULL ? -1 : a->at->start, j = b->at == NULL ? -1 : b->at->start;
        if (i != j) return i < j ? -1 : 1;
        return (uintptr_t)a->at < (uintptr_t)b->at ? -1 : 1;
    }
    if (a->way != b->way) return a->way - b->way;
    return a->index < b->index ? -1 : a->index > b->index;
}

#undef P_GO
#undef P_CASE
#undef B_CASE
#undef B_FROM

/* 0: the level is there, and used from now on. */
static int p_use_level(const char *name)
{
    if (!strcmp(name, "baseline")) p_level = &p_loops_baseline;
#if defined(AUTODIFF_PROGRAM_LEVELS)
    else if (!strcmp(name, "avx2")) p_level = &p_loops_avx2;
    else if (!strcmp(name, "avx512")) p_level = &p_loops_avx512;
#endif
    else return -1;
    return 0;
}

#endif
