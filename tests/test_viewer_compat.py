"""What leans on one version of napari and vispy, held against what it replaces."""

from __future__ import annotations

import pytest

pytest.importorskip("napari")

from vispy.gloo import Program

from viewer import compat

VERTEX = """
attribute vec2 a_position;  // where
uniform float u_size[2];
varying vec4 v_color;
void main() { gl_Position = vec4(a_position * u_size[0], 0.0, 1.0); v_color = vec4(1.0); }
"""
FRAGMENT = """
uniform vec4 u_tint;
varying vec4 v_color;
void main() { gl_FragColor = v_color * u_tint; }
"""
OTHER = FRAGMENT.replace("vec4 u_tint;", "float u_tint;")


def test_remembered_shaders_declare_what_vispy_found_in_them_and_take_values_set_before(monkeypatch):
    plain = Program._parse_variables_from_code
    plain = getattr(plain, "replaced", plain)
    monkeypatch.setattr(Program, "_parse_variables_from_code", plain)
    expected = [sorted(Program(VERTEX, code).variables) for code in (FRAGMENT, OTHER)]
    compat.parse_shaders_once()
    once = Program._parse_variables_from_code
    compat.parse_shaders_once()

    assert Program._parse_variables_from_code is once is not plain
    for _ in range(2):
        assert [sorted(Program(VERTEX, code).variables) for code in (FRAGMENT, OTHER)] == expected
    assert len(once.known) == 2
    late = Program()
    late["u_tint"] = (1.0, 0.5, 0.25, 1.0)
    late.set_shaders(VERTEX, FRAGMENT)
    assert tuple(late["u_tint"]) == (1.0, 0.5, 0.25, 1.0)
    assert len(once.known) == 2
