"""The optimisers that `optimizer.name` may name: timm's that need no other package, each with a line and its source.

Adam, AdamW and SGD are torch's own, fused. Left out of timm's list are those of APEX and bitsandbytes, Adahessian,
which asks for second derivatives, Kron, which wants another package, the legacy ones, and second names: what `momentum`
and `nesterov` do is said by `optimizer.nesterov`.
"""

from __future__ import annotations

_ADAM = "Kingma and Ba, ICLR 2015"
_ADAMW = "Loshchilov and Hutter, ICLR 2019"
_CAUTIOUS = "Liang et al., 2024, arXiv:2411.16085"
_CORRECTED = "Defazio, 2025, arXiv:2506.02285"
_ADAFACTOR = "Shazeer and Stern, ICML 2018"
_BIG_VISION = "Zhai et al., CVPR 2022"
_ADAMP = "Heo et al., ICLR 2021"
_ADAN = "Xie et al., 2022, arXiv:2208.06677"
_ADOPT = "Taniguchi et al., NeurIPS 2024"
_LAMB = "You et al., ICLR 2020"
_LAPROP = "Ziyin et al., 2020, arXiv:2002.04839"
_LARS = "You et al., 2017, arXiv:1708.03888"
_LION = "Chen et al., NeurIPS 2023"
_MADGRAD = "Defazio and Jelassi, JMLR 2022"
_MARS = "Yuan et al., 2024, arXiv:2411.10438"
_MUON = "Jordan et al., 2024, https://kellerjordan.github.io/posts/muon/"
_ADAMUON = "Si et al., 2025, arXiv:2507.11005"
_NADAM = "Dozat, ICLR workshop 2016"
_NOVOGRAD = "Ginsburg et al., 2019, arXiv:1905.11286"
_RADAM = "Liu et al., ICLR 2020"
_RMSPROP = "Tieleman and Hinton, 2012, lecture 6.5 of a course"
_SGD = "Sutskever et al., ICML 2013"

_WITH_CORRECTION = "weight decay falls with the rate as lr**2 / max lr"
_CAUTION = "keeps only the part of each update that agrees with its gradient"

OPTIMIZERS = {
    "adabelief": ("Adam whose steps are as long as gradients are as expected.", "Zhuang et al., NeurIPS 2020"),
    "adadelta": ("Adagrad over a window of gradients.", "Zeiler, 2012, arXiv:1212.5701"),
    "adafactor": ("Adam with a second moment of rows and columns, which takes little memory.", _ADAFACTOR),
    "adafactorbv": ("Adafactor as Big Vision has it, with momentum.", _BIG_VISION),
    "adafactorbvc": (f"`adafactorbv`; {_WITH_CORRECTION}.", _CORRECTED),
    "adagrad": ("Each weight's rate falls with the squares of its gradients.", "Duchi et al., JMLR 2011"),
    "adam": ("Moments of gradients set each weight's step; decay is added to the gradient. torch's, fused.", _ADAM),
    "adamax": ("Adam by the largest gradient in place of the second moment.", _ADAM),
    "adamc": (f"`adamw`; {_WITH_CORRECTION}.", _CORRECTED),
    "adamp": ("Adam less the part of a step that only lengthens the weights.", _ADAMP),
    "adamuon": ("Muon with a second moment of its orthogonal steps; AdamW for the head and vectors.", _ADAMUON),
    "adamw": ("Adam that decays weights apart from the gradient. torch's, fused.", _ADAMW),
    "adan": ("Nesterov momentum by differences of gradients.", _ADAN),
    "adanw": ("Adan with decay apart from the gradient.", _ADAN),
    "adopt": ("Adam that converges with any second beta.", _ADOPT),
    "adoptc": (f"`adoptw`; {_WITH_CORRECTION}.", _CORRECTED),
    "adoptw": ("Adopt with decay apart from the gradient.", _ADOPT),
    "cadafactor": (f"Adafactor that {_CAUTION}.", _CAUTIOUS),
    "cadafactorbv": (f"`adafactorbv` that {_CAUTION}.", _CAUTIOUS),
    "cadafactorbvc": (f"`adafactorbvc` that {_CAUTION}.", _CAUTIOUS),
    "cadamc": (f"`adamc` that {_CAUTION}.", _CAUTIOUS),
    "cadamp": (f"AdamP that {_CAUTION}.", _CAUTIOUS),
    "cadamw": (f"AdamW that {_CAUTION}.", _CAUTIOUS),
    "cadan": (f"Adan that {_CAUTION}.", _CAUTIOUS),
    "cadanw": (f"`adanw` that {_CAUTION}.", _CAUTIOUS),
    "cadopt": (f"Adopt that {_CAUTION}.", _CAUTIOUS),
    "cadoptc": (f"`adoptc` that {_CAUTION}.", _CAUTIOUS),
    "cadoptw": (f"`adoptw` that {_CAUTION}.", _CAUTIOUS),
    "clamb": (f"LAMB that {_CAUTION}.", _CAUTIOUS),
    "clambw": (f"`lambw` that {_CAUTION}.", _CAUTIOUS),
    "claprop": (f"LaProp that {_CAUTION}.", _CAUTIOUS),
    "clion": (f"Lion that {_CAUTION}.", _CAUTIOUS),
    "clionc": (f"`lionc` that {_CAUTION}.", _CAUTIOUS),
    "cmars": (f"MARS that {_CAUTION}.", _CAUTIOUS),
    "cnadamc": (f"`nadamc` that {_CAUTION}.", _CAUTIOUS),
    "cnadamw": (f"NAdamW that {_CAUTION}.", _CAUTIOUS),
    "crmsproptf": (f"`rmsproptf` that {_CAUTION}.", _CAUTIOUS),
    "csgdc": (f"`sgdc` that {_CAUTION}.", _CAUTIOUS),
    "csgdp": (f"SGDP that {_CAUTION}.", _CAUTIOUS),
    "csgdw": (f"`sgdw` that {_CAUTION}.", _CAUTIOUS),
    "lamb": ("Adam with each layer's step in proportion to its weights, for large batches.", _LAMB),
    "lambc": ("LAMB whose ratio of step to weights is at most one.", _LAMB),
    "lambcd": (f"`lambw`; {_WITH_CORRECTION}.", _CORRECTED),
    "lambcw": ("`lambc` with decay apart from the gradient.", _LAMB),
    "lambw": ("LAMB with decay apart from the gradient.", _LAMB),
    "laprop": ("Adam whose momentum is of gradients that are already scaled.", _LAPROP),
    "lapropc": (f"LaProp; {_WITH_CORRECTION}.", _CORRECTED),
    "larc": ("LARS whose ratio of step to weights is at most one.", _LARS),
    "lars": ("SGD with each layer's step in proportion to its weights, for large batches.", _LARS),
    "lion": ("The sign of a momentum; wants a rate 3 to 10 times below AdamW's.", _LION),
    "lionc": (f"Lion; {_WITH_CORRECTION}.", _CORRECTED),
    "madgrad": ("Dual averaging with each weight's own rate.", _MADGRAD),
    "madgradw": ("MADGRAD with decay apart from the gradient.", _MADGRAD),
    "mars": ("AdamW with less variance in its gradients.", _MARS),
    "muon": ("Orthogonal steps for matrices; AdamW for the head and vectors.", _MUON),
    "nadam": ("Adam with Nesterov momentum.", _NADAM),
    "nadamc": (f"`nadamw`; {_WITH_CORRECTION}.", _CORRECTED),
    "nadamuon": ("`adamuon` with Nesterov momentum; NAdamW for the head and vectors.", _ADAMUON),
    "nadamw": ("NAdam with decay apart from the gradient.", _NADAM),
    "nlarc": ("`larc` with Nesterov momentum.", _LARS),
    "nlars": ("LARS with Nesterov momentum.", _LARS),
    "nmuon": ("Muon with Nesterov momentum; NAdamW for the head and vectors.", _MUON),
    "novograd": ("Adam with one second moment a layer.", _NOVOGRAD),
    "novogradc": (f"`novogradw`; {_WITH_CORRECTION}.", _CORRECTED),
    "novogradw": ("NovoGrad with decay apart from the gradient.", _NOVOGRAD),
    "radabelief": ("AdaBelief that begins as RAdam does.", "Zhuang et al., NeurIPS 2020"),
    "radam": ("Adam that warms up by the variance of its second moment.", _RADAM),
    "radamw": ("RAdam with decay apart from the gradient.", _RADAM),
    "rmsprop": ("Gradients over the root of their mean square.", _RMSPROP),
    "rmsproptf": ("RMSprop as TensorFlow has it, with which EfficientNet was trained.", _RMSPROP),
    "rmsproptfc": (f"`rmsproptfw`; {_WITH_CORRECTION}.", _CORRECTED),
    "rmsproptfw": ("`rmsproptf` with decay apart from the gradient.", _RMSPROP),
    "sgd": ("The gradient with momentum; decay is added to the gradient. torch's, fused.", _SGD),
    "sgdc": (f"`sgdw`; {_WITH_CORRECTION}.", _CORRECTED),
    "sgdp": ("SGD less the part of a step that only lengthens the weights.", _ADAMP),
    "sgdw": ("SGD with Nesterov momentum and decay apart from the gradient.", _ADAMW),
}
"""Name: what it does, and where it is from."""
