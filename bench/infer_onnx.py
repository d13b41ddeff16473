"""bench/infer_onnx.py MODEL OUT: the model for ONNX Runtime, at its best: PyTorch's export, then the graph that
onnxruntime.transformers.optimizer makes of a BERT (f32.onnx), then its dynamic int8 of that (int8.onnx)."""
import json
import sys
import warnings
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions
from transformers import AutoModel

warnings.simplefilter("ignore")
folder, out = Path(sys.argv[1]), Path(sys.argv[2])
out.mkdir(parents=True, exist_ok=True)
config = json.loads((folder / "config.json").read_text())
model = AutoModel.from_pretrained(folder, attn_implementation="eager", add_pooling_layer=False).eval()


class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state


ids = torch.ones(2, 8, dtype=torch.long)
names = ["input_ids", "attention_mask", "token_type_ids"]
axes = {0: "batch", 1: "length"}
with torch.no_grad():
    torch.onnx.export(Encoder(), (ids, torch.ones_like(ids), torch.zeros_like(ids)), str(out / "plain.onnx"), dynamo=False,
                      input_names=names, output_names=["last_hidden_state"], opset_version=17,
                      dynamic_axes={name: axes for name in [*names, "last_hidden_state"]})
best = optimizer.optimize_model(str(out / "plain.onnx"), model_type="bert", num_heads=config["num_attention_heads"],
                                hidden_size=config["hidden_size"], optimization_options=FusionOptions("bert"), opt_level=1)
best.save_model_to_file(str(out / "f32.onnx"))
quantize_dynamic(str(out / "f32.onnx"), str(out / "int8.onnx"), weight_type=QuantType.QInt8, per_channel=True,
                 extra_options={"DefaultTensorType": 1})
print(json.dumps(best.get_fused_operator_statistics()))
