"""Writes tests/data/nn/muon.safetensors: ten steps of torch.optim.Muon (Nesterov, adjust_lr_fn "match_rms_adamw") for a
wide, a tall and a square matrix, its iteration in float64 instead of bfloat16. Needs torch 2.9 or later, safetensors.

For each name of wide, tall, square: <name>.weights [11, rows, columns] before the first step and after each,
<name>.gradients [10, rows, columns], <name>.momentum [rows, columns] at the end, <name>.bf16 [rows, columns]: the
weights at the end where torch iterates in bfloat16, as it does by itself."""
import sys
import torch
from safetensors.torch import save_file
from torch.optim import _muon


def in_float64(gradient, coefficients, steps, eps):
    a, b, c = coefficients
    x = gradient.double()
    x = x.T if x.size(0) > x.size(1) else x
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.T if gradient.size(0) > gradient.size(1) else x).float()


def run(shape, gradients, start):
    weight = torch.nn.Parameter(start.clone())
    optimizer = torch.optim.Muon([weight], lr=2e-3, weight_decay=0.05, momentum=0.95, adjust_lr_fn="match_rms_adamw")
    weights = [start.clone()]
    for gradient in gradients:
        weight.grad = gradient.clone()
        optimizer.step()
        weights.append(weight.detach().clone())
    return torch.stack(weights), optimizer.state[weight]["momentum_buffer"]


torch.manual_seed(11)
out, own = {}, _muon._zeropower_via_newtonschulz
for name, shape in {"wide": (9, 25), "tall": (30, 14), "square": (16, 16)}.items():
    start = torch.randn(shape) * 0.05
    # A few strong directions, as gradients have, and sizes that change from step to step.
    gradients = torch.stack([(torch.randn(shape[0], 3) @ torch.randn(3, shape[1]) + 0.1 * torch.randn(shape)) * 10.0 ** -(i % 4)
                             for i in range(10)])
    out[f"{name}.gradients"] = gradients
    _muon._zeropower_via_newtonschulz = in_float64
    out[f"{name}.weights"], out[f"{name}.momentum"] = run(shape, gradients, start)
    _muon._zeropower_via_newtonschulz = own
    out[f"{name}.bf16"] = run(shape, gradients, start)[0][-1].clone()
save_file({k: v.contiguous() for k, v in out.items()}, sys.argv[1])
