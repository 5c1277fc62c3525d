"""A synthetic liver with hepatocellular carcinoma in its portal vein, of which everything is known."""

from imaging.phantom.contrast import CT, GADOXETATE_MR, Tissue
from imaging.phantom.lesions import NODE, PRIMARY, SATELLITE, SMALL, Lesion
from imaging.phantom.phantom import Phantom, make_phantom
from imaging.phantom.random_study import random_spec
from imaging.phantom.spec import DYNAMIC_CT, DYNAMIC_GADOXETATE_MR, TWINS, PhantomSpec, Scan
from imaging.phantom.truth import LesionTruth, Truth

__all__ = [
    "CT",
    "DYNAMIC_CT",
    "DYNAMIC_GADOXETATE_MR",
    "GADOXETATE_MR",
    "NODE",
    "PRIMARY",
    "SATELLITE",
    "SMALL",
    "TWINS",
    "Lesion",
    "LesionTruth",
    "Phantom",
    "PhantomSpec",
    "Scan",
    "Tissue",
    "Truth",
    "make_phantom",
    "random_spec",
]
