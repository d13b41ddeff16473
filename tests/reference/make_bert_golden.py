#!/usr/bin/env python3
"""Makes tests/data/bert/: what PyTorch and transformers (5.x) compute, in float64, for small random models.

    python3 tests/reference/make_bert_golden.py tests/data/bert

Each case is a folder with a model as transformers saves it (config.json, model.safetensors) and golden.safetensors:
  inputs     input_ids or inputs_embeds, attention_mask, token_type_ids, head_mask, labels, d_pooled  [batch, length]
  outputs    logits, loss, hidden_states.0..L, attentions.0..L-1, pooler_output, as `maske run` names them
  gradients  grad.<parameter>, grad.inputs_embeds: of loss, plus the sum of pooler_output * d_pooled where there is one
  training   step10.<parameter>: after ten steps of torch.optim.AdamW on this batch with the settings in `adamw`:
             learning rate, beta1, beta2, epsilon, weight decay, largest gradient norm

transformers 5 has no head_mask argument: the mask goes in through an attention function of our own.
"""
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import (AttentionInterface, AttentionMaskInterface, BertConfig, BertForMaskedLM, BertModel,
                          DistilBertConfig, DistilBertForMaskedLM, RobertaConfig, RobertaForMaskedLM)
from transformers.masking_utils import eager_mask
from transformers.models.bert.modeling_bert import BertOnlyMLMHead

HEAD_MASK = {}


def eager_with_head_mask(module, query, key, value, attention_mask, scaling=None, dropout=0.0, **kwargs):
    weights = torch.matmul(query, key.transpose(2, 3)) * (query.size(-1) ** -0.5 if scaling is None else scaling)
    if attention_mask is not None:
        weights = weights + attention_mask
    weights = torch.nn.functional.softmax(weights, dim=-1)
    if HEAD_MASK.get("mask") is not None:
        weights = weights * HEAD_MASK["mask"][module.layer_idx][None, :, None, None]
    return torch.matmul(weights, value).transpose(1, 2).contiguous(), weights


AttentionInterface.register("eager_with_head_mask", eager_with_head_mask)
AttentionMaskInterface.register("eager_with_head_mask", eager_mask)

ADAMW = dict(lr=1e-3, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.01)
MAX_NORM = 1.0

FAMILIES = {"bert": (BertConfig, BertForMaskedLM), "roberta": (RobertaConfig, RobertaForMaskedLM),
            "distilbert": (DistilBertConfig, DistilBertForMaskedLM)}
# a bias that a decoder of its own adds, and the name that the parameter table has for it
RENAMED = {"cls.predictions.decoder.bias": "cls.predictions.bias", "lm_head.decoder.bias": "lm_head.bias"}

# name: configuration ("family": another than bert); batch, length; lengths of the sequences (None: no attention mask); what else there is
CASES = {
    "gelu": (dict(hidden_size=24, num_attention_heads=3, num_hidden_layers=2, intermediate_size=36, vocab_size=97,
                  max_position_embeddings=20, hidden_act="gelu"),
             3, 11, [11, 7, 4], {"types", "head_mask_1"}),
    "gelu_new": (dict(hidden_size=60, num_attention_heads=5, num_hidden_layers=2, intermediate_size=100, vocab_size=131,
                      max_position_embeddings=17, type_vocab_size=3, hidden_act="gelu_new", layer_norm_eps=1e-5),
                 2, 17, None, {"types", "head_mask_2"}),
    "relu_embeds": (dict(hidden_size=32, num_attention_heads=2, num_hidden_layers=3, intermediate_size=45,
                         vocab_size=70, max_position_embeddings=70, hidden_act="relu", pad_token_id=None),
                    2, 70, [70, 66], {"embeds", "pooler"}),
    "one_layer": (dict(hidden_size=5, num_attention_heads=1, num_hidden_layers=1, intermediate_size=7, vocab_size=33,
                       max_position_embeddings=9, type_vocab_size=1, hidden_act="gelu", pad_token_id=3),
                  4, 9, [9, 1, 5, 2], {"pooler"}),
    "silu_untied": (dict(hidden_size=16, num_attention_heads=2, num_hidden_layers=2, intermediate_size=20,
                         vocab_size=41, max_position_embeddings=12, hidden_act="silu", tie_word_embeddings=False),
                    2, 9, [9, 6], {"types"}),
    "roberta": (dict(family="roberta", hidden_size=24, num_attention_heads=3, num_hidden_layers=2, intermediate_size=28,
                     vocab_size=43, max_position_embeddings=60, type_vocab_size=1, hidden_act="tanh",
                     layer_norm_eps=1e-5),
                3, 11, [11, 7, 4], {"head_mask_1", "padding_inside"}),
    "roberta_embeds": (dict(family="roberta", hidden_size=8, num_attention_heads=2, num_hidden_layers=1,
                            intermediate_size=9, vocab_size=31, max_position_embeddings=12, type_vocab_size=2,
                            pad_token_id=2), 2, 9, None, {"embeds", "types"}),
    "distilbert": (dict(family="distilbert", dim=20, n_heads=2, n_layers=2, hidden_dim=30, vocab_size=47,
                        max_position_embeddings=16, activation="tanh"), 3, 12, [12, 8, 3], set()),
    "distilbert_untied": (dict(family="distilbert", dim=8, n_heads=1, n_layers=1, hidden_dim=12, vocab_size=29,
                               max_position_embeddings=8, activation="relu", tie_word_embeddings=False),
                          2, 8, [8, 5], set()),
}


class BertWithPoolerAndHead(BertForMaskedLM):
    """BertForMaskedLM whose encoder has its pooler, as BertForPreTraining's has."""

    def __init__(self, config):
        super().__init__(config)
        self.bert = BertModel(config, add_pooling_layer=True)
        self.cls = BertOnlyMLMHead(config)
        self.post_init()


def make_model(config, pooler, generator):
    model = (BertWithPoolerAndHead if pooler else FAMILIES[config.model_type][1])(config)
    with torch.no_grad():
        for name, p in model.named_parameters():    # larger than a fresh model's, so that nothing is nearly linear
            values = torch.randn(p.shape, generator=generator) * (0.25 if p.dim() > 1 else 0.1)
            p.copy_(values + 1.0 if name.lower().endswith("layernorm.weight") or name.endswith("layer_norm.weight") else values)
    return model.eval()


def make_inputs(config, batch, length, lengths, what, generator):
    def draw(high, shape):
        return torch.randint(0, high, shape, generator=generator)

    inputs = {"input_ids": draw(config.vocab_size, (batch, length))}
    if lengths is not None:
        inputs["attention_mask"] = torch.tensor([[1] * n + [0] * (length - n) for n in lengths])
        if config.pad_token_id is not None:
            inputs["input_ids"][inputs["attention_mask"] == 0] = config.pad_token_id
    if config.pad_token_id is not None:     # one that is attended to: its embedding must get no gradient from here
        inputs["input_ids"][0, 1] = config.pad_token_id
    if "padding_inside" in what:    # one more, so that positions are counted around it
        inputs["input_ids"][1, 3] = config.pad_token_id
    if "types" in what:
        inputs["token_type_ids"] = draw(config.type_vocab_size, (batch, length))
    if "embeds" in what:
        del inputs["input_ids"]
        inputs["inputs_embeds"] = torch.randn((batch, length, config.hidden_size), generator=generator) * 0.5
    labels = draw(config.vocab_size, (batch, length))
    chosen = draw(100, (batch, length)) < 30
    chosen[:, 0] = True
    if config.pad_token_id is not None:
        chosen[0, 1] = True
    if lengths is not None:
        chosen &= inputs["attention_mask"] == 1
    inputs["labels"] = torch.where(chosen, labels, torch.full_like(labels, -100))
    if "head_mask_1" in what:
        inputs["head_mask"] = torch.rand(config.num_attention_heads, generator=generator)
    if "head_mask_2" in what:
        shape = (config.num_hidden_layers, config.num_attention_heads)
        inputs["head_mask"] = (torch.rand(shape, generator=generator) > 0.3).float()
    if "pooler" in what:
        inputs["d_pooled"] = torch.randn((batch, config.hidden_size), generator=generator) * 0.2
    return inputs


def head(model, hidden):
    if model.config.model_type == "bert":
        return model.cls(hidden)
    if model.config.model_type == "roberta":
        return model.lm_head(hidden)
    hidden = model.vocab_layer_norm(model.activation(model.vocab_transform(hidden)))
    return model.vocab_projector(hidden)


def run(model, inputs):
    call = {k: v for k, v in inputs.items() if k not in ("head_mask", "d_pooled", "labels")}
    out = model.base_model(**call, output_hidden_states=True, output_attentions=True)
    logits = head(model, out.last_hidden_state)
    loss = torch.nn.functional.cross_entropy(logits.view(-1, logits.shape[-1]), inputs["labels"].view(-1))
    assert torch.equal(model(**call, labels=inputs["labels"]).loss, loss)      # the reference's own loss
    whole = loss
    if "d_pooled" in inputs:
        whole = loss + (out.pooler_output * inputs["d_pooled"]).sum()
    return out, logits, loss, whole


def parameters(model):
    named = dict(model.named_parameters())
    for own, name in RENAMED.items():
        if own in named:
            named[name] = named.pop(own)
    return list(named.items())


def make_case(folder, settings, batch, length, lengths, what, seed):
    generator = torch.Generator().manual_seed(seed)
    settings = dict(settings)
    config = FAMILIES[settings.pop("family", "bert")][0](**settings, attn_implementation="eager_with_head_mask")
    model = make_model(config, "pooler" in what, generator)
    model.save_pretrained(folder)
    model = model.double()
    inputs = make_inputs(config, batch, length, lengths, what, generator)
    tensors = {k: v.clone() for k, v in inputs.items()}
    inputs = {k: v.double() if v.is_floating_point() else v for k, v in inputs.items()}
    mask = inputs.get("head_mask")
    HEAD_MASK["mask"] = mask if mask is None or mask.dim() == 2 else mask.expand(config.num_hidden_layers, -1)
    if "inputs_embeds" in inputs:
        inputs["inputs_embeds"].requires_grad_(True)

    out, logits, loss, whole = run(model, inputs)
    whole.backward()
    tensors |= {"logits": logits, "loss": loss}
    tensors |= {f"hidden_states.{i}": h for i, h in enumerate(out.hidden_states)}
    tensors |= {f"attentions.{i}": a for i, a in enumerate(out.attentions)}
    if "pooler" in what:
        tensors["pooler_output"] = out.pooler_output
    tensors |= {f"grad.{n}": p.grad for n, p in parameters(model)}
    if "inputs_embeds" in inputs:
        tensors["grad.inputs_embeds"] = inputs["inputs_embeds"].grad.clone()   # later backward passes add to it

    decayed = [p for n, p in parameters(model) if p.dim() > 1]
    others = [p for n, p in parameters(model) if p.dim() == 1]
    optimizer = torch.optim.AdamW([{"params": decayed}, {"params": others, "weight_decay": 0.0}], **ADAMW)
    for _ in range(10):
        optimizer.zero_grad()
        run(model, inputs)[3].backward()
        torch.nn.utils.clip_grad_norm_([p for _, p in parameters(model)], MAX_NORM)
        optimizer.step()
    tensors |= {f"step10.{n}": p for n, p in parameters(model)}
    tensors = {k: v.detach().contiguous().to(torch.float32 if v.is_floating_point() else torch.int32)
               for k, v in tensors.items()}
    settings = [ADAMW["lr"], *ADAMW["betas"], ADAMW["eps"], ADAMW["weight_decay"], MAX_NORM]
    tensors["adamw"] = torch.tensor(settings, dtype=torch.float64)
    save_file(tensors, folder / "golden.safetensors")
    print(folder.name, "loss", loss.item(), "tensors", len(tensors))


def main():
    out = Path(sys.argv[1])
    for seed, (name, case) in enumerate(CASES.items()):
        make_case(out / name, *case, seed)


if __name__ == "__main__":
    main()
