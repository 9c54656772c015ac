"""Convolutions, pooling and the geometry of pictures: the other functions of ``nn.functional``."""
from __future__ import annotations

from .row import Rule

DUMOULIN = "Dumoulin and Visin 2016, A guide to convolution arithmetic for deep learning"
UNBATCHED = "Without a dimension of pictures there is one picture."
PICTURES = {1: "lines (n, c, w)", 2: "pictures (n, c, h, w)", 3: "volumes (n, c, d, h, w)"}


def _row(name: str, value: str, **fields) -> Rule:
    """A composite row of nn.functional of one operand."""
    return Rule(name, value, **{"operands": "x", "namespace": "nn.functional", "method": False, "loop": "composite",
                                "source": f"PyTorch, nn.functional.{name}", **fields})


def _of_windows(name: str, value: str, dx: str | None = None, dy: str | None = None, **fields) -> Rule:
    """What they are computed with: structural, and nobody's function."""
    return Rule(name, value, dx, dy, **{"operands": "x", "method": False, "function": False, "loop": "helper", "dtype": "same",
                                        "complex": "holomorphic", "signature": "(n)->(m)", "source": DUMOULIN, **fields})


def _nested(text: str, dims: int) -> str:
    return "[" * dims + text + "]" * dims


def _conv(name: str) -> Rule:
    n = int(name[-2])
    return _row(
        name, f"conv{n}d_of(x, y, bias, stride, padding, dilation, groups)", operands="xy", names="input, weight",
        params="bias=None, stride=1, padding=0, dilation=1, groups=1", complex="holomorphic", source=DUMOULIN,
        grad_fn={"": "ConvolutionBackward0"},
        doc=f"The sum, for each output channel, of products of its weights with windows of {PICTURES[n]}.",
        errors=UNBATCHED + "  Padding may be 'same', for as many windows as elements where the stride is 1, and 'valid'.  "
                           "RuntimeError for sizes that do not fit, for operands of different dtypes and for strides, "
                           "dilations and groups below 1.",
        example=f"nn.functional.conv{n}d(ones({', '.join('1' * (n + 1))}, 3), ones({', '.join('1' * (n + 1))}, 2)) "
                f"-> tensor({_nested('2., 2.', n + 2)})")


def _conv_transpose(name: str) -> Rule:
    n = int(name[-2])
    return _row(
        name, f"conv_transpose{n}d_of(x, y, bias, stride, padding, output_padding, groups, dilation)",
        operands="xy", names="input, weight",
        params="bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1", complex="holomorphic",
        source=DUMOULIN, grad_fn={"": "ConvolutionBackward0"},
        doc=f"The transpose of conv{n}d in its input: each element of {PICTURES[n]} adds its products with the weights.",
        errors=UNBATCHED + "  output_padding says which of the sizes that a convolution would take to the input's is meant."
                           "  RuntimeError as for the convolution, and for an output_padding not below stride or dilation.",
        example=f"nn.functional.conv_transpose{n}d(ones({'1, ' * (n + 1)}2), ones({'1, ' * (n + 1)}2)) -> "
                f"tensor({_nested('1., 2., 1.', n + 2)})")


def _max_pool(name: str) -> Rule:
    n = int(name[-2])
    return _row(
        name, f"max_pool{n}d_of(x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)",
        params="kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False", returns="_Any",
        grad_fn={"": "SqueezeBackward1" if n == 1 else f"MaxPool{n}DWithIndicesBackward0"},
        doc=f"The largest element of each window of {PICTURES[n]}; with return_indices, where it stands as well.",
        errors="Of equal elements the first counts, and NaN is larger than all others.  " + UNBATCHED + "  RuntimeError "
               "for sizes that do not fit, and a padding of more than half of the window.",
        example=f"nn.functional.max_pool{n}d(tensor({_nested('1.0, 3.0, 2.0', n + 1)}), "
                f"({'1, ' * (n - 1)}2{',' if n == 1 else ''}), 1) -> tensor({_nested('3., 3.', n + 1)})")


def _max_unpool(name: str) -> Rule:
    n = int(name[-2])
    return _row(
        name, f"max_unpool{n}d_of(x, y, kernel_size, stride, padding, output_size)", operands="xy",
        names="input, indices", params="kernel_size, stride=None, padding=0, output_size=None",
        grad_fn={"": "SqueezeBackward1" if n == 1 else f"MaxUnpool{n}DBackward0"},
        doc=f"Zeros with the results of max_pool{n}d where they came from.",
        errors="RuntimeError for indices that are no int64, or not in the result, and for other shapes than the input's; "
               "ValueError for an output_size of which pooling would not make the input's.",
        example=f"nn.functional.max_unpool{n}d(tensor({_nested('3.0', n + 1)}), tensor({_nested('1', n + 1)}), "
                f"({'1, ' * (n - 1)}2{',' if n == 1 else ''})) -> tensor({_nested('0., 3.', n + 1)})")


def _adaptive_max_pool(name: str) -> Rule:
    n = int(name[-2])
    return _row(
        name, f"adaptive_max_pool{n}d_of(x, output_size, return_indices)",
        params="output_size, return_indices=False", returns="_Any",
        grad_fn={"": "SqueezeBackward1" if n == 1 else f"AdaptiveMaxPool{n}DBackward0"},
        doc=f"The largest element of each of output_size parts of {PICTURES[n]}, which may overlap.",
        errors=UNBATCHED + "  An entry None of output_size keeps the size.  RuntimeError for sizes that do not fit.",
        example=f"nn.functional.adaptive_max_pool{n}d(tensor({_nested('1.0, 3.0, 2.0', n + 1)}), "
                f"({'1, ' * (n - 1)}2{',' if n == 1 else ''})) -> tensor({_nested('3., 3.', n + 1)})")


def _avg_pool(name: str) -> Rule:
    n = int(name[-2])
    return _row(
        name, f"avg_pool{n}d_of(x, kernel_size, stride, padding, ceil_mode, count_include_pad"
                         f"{', divisor_override' if n > 1 else ''})",
        params="kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True"
               + (", divisor_override=None" if n > 1 else ""), complex="holomorphic",
        grad_fn={"": "SqueezeBackward1" if n == 1 else f"AvgPool{n}DBackward0"},
        doc=f"The mean of each window of {PICTURES[n]}.",
        errors="What is padded counts as zeros, unless count_include_pad is False"
               + ("; divisor_override is divided by instead.  " if n > 1 else ".  ") + UNBATCHED
               + "  RuntimeError for sizes that do not fit, and a padding of more than half of the window.",
        example=f"nn.functional.avg_pool{n}d(tensor({_nested('1.0, 3.0, 2.0', n + 1)}), "
                f"({'1, ' * (n - 1)}2{',' if n == 1 else ''}), 1) -> tensor({_nested('2.0000, 2.5000', n + 1)})")


def _lp_pool(name: str) -> Rule:
    n = int(name[-2])
    return _row(
        name, f"lp_pool{n}d_of(x, norm_type, kernel_size, stride, ceil_mode)",
        params="norm_type, kernel_size, stride=None, ceil_mode=False", grad_fn="PowBackward0",
        doc=f"The root of order norm_type of the sum of powers, in each window of {PICTURES[n]}.",
        errors=UNBATCHED + "  A window that ceil_mode lets end outside is scaled as if it were whole.  RuntimeError for "
                           "sizes that do not fit.",
        example=f"nn.functional.lp_pool{n}d(tensor({_nested('3.0, 4.0', n + 1)}), 2, "
                f"({'1, ' * (n - 1)}2{',' if n == 1 else ''})) -> tensor({_nested('5.', n + 1)})")


def _adaptive_avg_pool(name: str) -> Rule:
    n = int(name[-2])
    return _row(
        name, f"adaptive_avg_pool{n}d_of(x, output_size)", params="output_size", complex="holomorphic",
        grad_fn={"": "SqueezeBackward1" if n == 1 else f"AdaptiveAvgPool{n}DBackward0"},
        doc=f"The mean of each of output_size parts of {PICTURES[n]}, which may overlap.",
        errors=UNBATCHED + "  An entry None of output_size keeps the size.  RuntimeError for sizes that do not fit.",
        example=f"nn.functional.adaptive_avg_pool{n}d(tensor({_nested('1.0, 3.0, 2.0', n + 1)}), "
                f"({'1, ' * (n - 1)}2{',' if n == 1 else ''})) -> tensor({_nested('2.0000, 2.5000', n + 1)})")


RULES: tuple[Rule, ...] = (
    # ---- convolutions: one bilinear op and its two transposes, which are each other's derivatives
    _of_windows("convolved", "convolved_value(x, y, windows, plan)", "convolved_dx(g, y, shape_x, plan)",
                "convolved_dy(g, x, shape_y, plan)", kind="multilinear", operands="xy", params="windows, plan",
                signature="(n,c),(m,c)->(n,m)", grad_fn="ConvolutionBackward0",
                doc="Sums of products of weights with windows of pictures: what a convolution is without its bias."),
    _of_windows("convolved_input", "convolved_input_value(x, y, extent, plan)", "convolved_input_dx(g, y, shape_x, plan)",
                "convolved_input_dy(g, x, shape_y, plan)", kind="multilinear", operands="xy", params="extent, plan",
                signature="(n,m),(m,c)->(n,c)", grad_fn="ConvolutionBackward0",
                doc="The transpose of convolved in the pictures, a transposed convolution."),
    _of_windows("convolved_weight", "convolved_weight_value(x, y, kernel, plan)", "convolved_weight_dx(g, y, shape_x, plan)",
                "convolved_weight_dy(g, x, shape_y, plan)", kind="multilinear", operands="xy", params="kernel, plan",
                signature="(n,c),(n,m)->(m,c)", grad_fn="ConvolutionBackward0",
                doc="The transpose of convolved in the weights."),
    _conv("conv1d"),
    _conv("conv2d"),
    _conv("conv3d"),
    _conv_transpose("conv_transpose1d"),
    _conv_transpose("conv_transpose2d"),
    _conv_transpose("conv_transpose3d"),
    # ---- columns of windows
    _of_windows("columns", "columns_value(x, kernel, windows, plan)", "columns_dx(g, shape_x, kernel, windows, plan)",
                kind="linear", params="kernel, windows, plan", grad_fn="Im2ColBackward0",
                doc="A row for each place in a window and each channel, a column for each window."),
    _of_windows("of_columns", "of_columns_value(x, extent, kernel, windows, plan)", "of_columns_dx(g, kernel, windows, plan)",
                kind="linear", params="extent, kernel, windows, plan", grad_fn="Col2ImBackward0",
                doc="The transpose of columns: pictures of some sizes, with what stands in columns added up."),
    _row("nn_functional_unfold", "unfold_columns_of(x, kernel_size, dilation, padding, stride)",
         params="kernel_size, dilation=1, padding=0, stride=1", complex="holomorphic", grad_fn="Im2ColBackward0",
         source="PyTorch, nn.functional.unfold",
         doc="The windows of pictures (n, c, h, w) as columns: (n, c times the elements of a window, windows).",
         errors=UNBATCHED + "  RuntimeError for sizes that do not fit.",
         example="nn.functional.unfold(tensor([[[1.0, 2.0, 3.0]]]), (1, 2)) -> tensor([[1., 2.],\n        [2., 3.]])"),
    _row("fold", "fold_columns_of(x, output_size, kernel_size, dilation, padding, stride)",
         params="output_size, kernel_size, dilation=1, padding=0, stride=1", complex="holomorphic", grad_fn="Col2ImBackward0",
         doc="Pictures of which columns are the windows, overlapping ones added up: the transpose of unfold.",
         errors=UNBATCHED + "  RuntimeError for sizes that do not fit.",
         example="nn.functional.fold(tensor([[1.0, 2.0], [2.0, 3.0]]), (1, 3), (1, 2)) -> tensor([[[1., 4., 3.]]])"),
    # ---- the largest elements of windows
    _of_windows("largest_places", "largest_places_value(x, spans)", kind="custom", params="spans", dtype="index",
                complex="refused", doc="Where the largest element of each window stands."),
    _of_windows("at_places", "at_places_value(x, y, among)", "at_places_dx(g, y, shape_x, among)", None, kind="multilinear",
                operands="xy", params="among", signature="(n),(m)->(m)", piecewise=True,
                grad_fn="MaxPool2DWithIndicesBackward0",
                doc="The elements at positions among the last dimensions."),
    _of_windows("put_places", "put_places_value(x, y, extent)", "put_places_dx(g, y, extent)", None, kind="multilinear",
                operands="xy", params="extent", signature="(m),(m)->(n)", grad_fn="MaxUnpool2DBackward0",
                doc="The transpose of at_places: zeros with elements added at positions."),
    _max_pool("max_pool1d"),
    _max_pool("max_pool2d"),
    _max_pool("max_pool3d"),
    _max_unpool("max_unpool1d"),
    _max_unpool("max_unpool2d"),
    _max_unpool("max_unpool3d"),
    _adaptive_max_pool("adaptive_max_pool1d"),
    _adaptive_max_pool("adaptive_max_pool2d"),
    _adaptive_max_pool("adaptive_max_pool3d"),
    # ---- sparse matrices along dimensions
    _of_windows("blended", "blended_value(x, plans)", "blended_dx(g, plans)", kind="linear", params="plans",
                grad_fn="UpsampleBilinear2DBackward0",
                doc="A sparse matrix applied along each of the last dimensions: interpolation, and its transpose."),
    _of_windows("averaged", "blended_value(x, plans)", "averaged_dx(g, plans)", kind="linear", params="plans", piecewise=True,
                grad_fn="AvgPool2DBackward0",
                doc="The same of means of windows."),
    _avg_pool("avg_pool1d"),
    _avg_pool("avg_pool2d"),
    _avg_pool("avg_pool3d"),
    _lp_pool("lp_pool1d"),
    _lp_pool("lp_pool2d"),
    _lp_pool("lp_pool3d"),
    _adaptive_avg_pool("adaptive_avg_pool1d"),
    _adaptive_avg_pool("adaptive_avg_pool2d"),
    _adaptive_avg_pool("adaptive_avg_pool3d"),
    _row("interpolate", "interpolate_of(x, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias)",
         params="size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None, "
                "antialias=False",
         source="Keys 1981, Cubic convolution interpolation for digital image processing",
         doc="Lines, pictures or volumes of another size.",
         errors="By the mode: the nearest element ('nearest', 'nearest-exact'), polynomials between neighbours ('linear', "
                "'bilinear', 'trilinear', 'bicubic'), or means ('area').  ValueError unless one of size and scale_factor is "
                "given, NotImplementedError for a mode of another number of dimensions, and for 'lanczos'.",
         example="nn.functional.interpolate(tensor([[[1.0, 2.0]]]), 4, mode='linear') "
                 "-> tensor([[[1.0000, 1.2500, 1.7500, 2.0000]]])"),
    _row("upsample", "upsample_of(x, size, scale_factor, mode, align_corners)",
         params="size=None, scale_factor=None, mode='nearest', align_corners=None",
         doc="An older name of interpolate, with a warning.",
         errors="As interpolate.",
         example="nn.functional.interpolate(tensor([[[1.0, 2.0]]]), 4) -> tensor([[[1., 1., 2., 2.]]])"),
    # ---- samples at places
    _row("grid_sample", "grid_sample_of(x, y, mode, padding_mode, align_corners)", operands="xy", names="input, grid",
         params="mode='bilinear', padding_mode='zeros', align_corners=None",
         source="Jaderberg et al. 2015, Spatial Transformer Networks",
         doc="Pictures or volumes at the places of a grid, of which -1 and 1 are the ends of each dimension, the last first.",
         errors="Between elements it is interpolated by the mode ('bilinear', 'nearest', 'bicubic'), outside there are zeros, "
                "the border or a reflection.  Without align_corners, which warns, and with False, -1 and 1 are the edges of "
                "the elements, with True their centres.  RuntimeError for sizes that do not fit, ValueError for other modes.",
         example="nn.functional.grid_sample(tensor([[[[1.0, 3.0]]]]), zeros(1, 1, 1, 2), align_corners=True) "
                 "-> tensor([[[[2.]]]])"),
    _row("affine_grid", "affine_grid_of(x, size, align_corners)", names="theta", params="size, align_corners=None",
         source="Jaderberg et al. 2015, Spatial Transformer Networks",
         doc="The grid of grid_sample that affine maps, a batch of matrices, make of a result's places.",
         errors="ValueError for matrices of another shape than size asks for, NotImplementedError for other sizes than of "
                "pictures and volumes.",
         example="nn.functional.affine_grid(tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]), (1, 1, 1, 2), align_corners=False) "
                 "-> tensor([[[[-0.5000,  0.0000],\n          [ 0.5000,  0.0000]]]])"),
    # ---- places of elements
    Rule("pixel_shuffle", "pixel_shuffle_of(x, upscale_factor)", operands="x", params="upscale_factor",
         namespace="nn.functional", method=False, loop="composite", grad_fn="PixelShuffleBackward0",
         complex="holomorphic",
         source="Shi et al. 2016, Real-Time Single Image and Video Super-Resolution",
         doc="Channels become a picture upscale_factor times as high and as wide.",
         errors="Raises RuntimeError unless there are three dimensions or more, and channels in a multiple of the factor's "
                "square.",
         example="nn.functional.pixel_shuffle(tensor([[[1.0]], [[2.0]], [[3.0]], [[4.0]]]), 2) -> tensor([[[1., 2.],\n"
                 "         [3., 4.]]])"),
    _row("pixel_unshuffle", "pixel_unshuffle_of(x, downscale_factor)", params="downscale_factor", complex="holomorphic",
         grad_fn="PixelUnshuffleBackward0", source="Shi et al. 2016, Real-Time Single Image and Video Super-Resolution",
         doc="The other way round: squares of a picture become channels.",
         errors="Raises RuntimeError unless height and width are multiples of the factor.",
         example="nn.functional.pixel_unshuffle(tensor([[[1.0, 2.0], [3.0, 4.0]]]), 2).flatten() "
                 "-> tensor([1., 2., 3., 4.])"),
    _row("channel_shuffle", "channel_shuffle_of(x, groups)", params="groups", complex="holomorphic",
         grad_fn="ChannelShuffleBackward0", source="Zhang et al. 2017, ShuffleNet",
         doc="Channels that stood in groups, taken from each group in turn.",
         errors="Raises RuntimeError unless the groups divide the channels.",
         example="nn.functional.channel_shuffle(tensor([[[1.0], [2.0], [3.0], [4.0]]]), 2).flatten() "
                 "-> tensor([1., 3., 2., 4.])"),
)
