"""compare_tensorboard.py RUN FILES: the events of RUN/tensorboard (so many files) are the figures of metrics.jsonl."""
import json
import os
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

run, files = sys.argv[1], int(sys.argv[2])
folder = os.path.join(run, "tensorboard")
assert len(os.listdir(folder)) == files, os.listdir(folder)
events = EventAccumulator(folder, size_guidance={"scalars": 0})
events.Reload()
expected = {}
for line in open(os.path.join(run, "metrics.jsonl")):
    figures = json.loads(line)
    names = ({f"held_out/{name.replace('valid_', '')}": name for name in figures if "valid_" in name}
             if "valid_loss" in figures else
             {f"training/{name}": name for name in ("loss", "average_loss", "accuracy", "learning_rate", "tokens_per_second",
                                                    "gradient_norm", "skipped") if name in figures})
    for tag, name in names.items():
        expected.setdefault(tag, []).append((figures["step"], figures[name]))
assert sorted(events.Tags()["scalars"]) == sorted(expected), events.Tags()
for tag, points in expected.items():
    found = [(event.step, event.value) for event in events.Scalars(tag)]
    assert [step for step, _ in found] == [step for step, _ in points], (tag, found, points)
    for (step, value), (_, figure) in zip(found, points):
        assert abs(value - figure) <= 1e-6 * abs(figure) + 1e-12, (tag, step, value, figure)
print(f"{sum(map(len, expected.values()))} figures of {len(expected)} kinds, in {files} files: the same")
