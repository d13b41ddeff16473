"""Writes tests/data/nn/adamw.safetensors: ten steps of torch.optim.AdamW in f32, with clipping. Needs torch, safetensors.

weights [11, 57] before the first step and after each; gradients [10, 57] before clipping; norms [10] of them;
first_moment, second_moment [57] at the end. The first 37 weights decay, the other 20 do not."""
import sys
import torch
from safetensors.torch import save_file

torch.manual_seed(7)
decayed, free = torch.nn.Parameter(torch.randn(37) * 0.1), torch.nn.Parameter(torch.randn(20))
optimizer = torch.optim.AdamW([{"params": [decayed], "weight_decay": 0.05}, {"params": [free], "weight_decay": 0.0}],
                              lr=1e-2, betas=(0.9, 0.98), eps=1e-8, foreach=False, fused=False)
scales = 10.0 ** torch.randint(-6, 1, (57,))
weights, gradients, norms = [torch.cat([decayed, free]).detach().clone()], [], []
for step in range(10):
    gradient = torch.randn(57) * scales
    gradient[::11] = 0                          # weights that never get a gradient
    decayed.grad, free.grad = gradient[:37].clone(), gradient[37:].clone()
    gradients.append(gradient)
    norms.append(torch.nn.utils.clip_grad_norm_([decayed, free], 1.0))
    optimizer.step()
    weights.append(torch.cat([decayed, free]).detach().clone())
state = [optimizer.state[p] for p in (decayed, free)]
save_file({"weights": torch.stack(weights), "gradients": torch.stack(gradients), "norms": torch.stack(norms),
           "first_moment": torch.cat([s["exp_avg"] for s in state]),
           "second_moment": torch.cat([s["exp_avg_sq"] for s in state])}, sys.argv[1])
