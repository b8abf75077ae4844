"""A trained trial as a folder that others use without ferray: weights, ONNX, preprocessing, metrics, a model card."""
