"""The declarations of a text on their own: what they mean is known before any class is made."""

from __future__ import annotations

import pytest

from tl import SchemaError
from tl.catalog import Catalog

TEXT = """
point#1 x:int y:long = Point;
line#2 from:%Point to:%Point label:string = Line;
path#3 flags:# points:Vector<Point> closed:flags.0?true colour:flags.1?int = Path;
---functions---
getPath#4 id:int128 = Path;
"""


def catalog() -> Catalog:
    return Catalog(TEXT, "shapes", None)


def test_a_plan_is_made_once_and_its_fields_are_resolved() -> None:
    shapes = catalog()
    plan = shapes.plan("path")
    assert plan is shapes.plan("path")
    assert [(field.name, str(field.kind), field.is_flag) for field in plan.fields] == [
        ("points", "Vector<Point>", False),
        ("closed", "true", True),
        ("colour", "int", False),
    ]
    assert (plan.holds_objects, shapes.plan("point").holds_objects) == (True, False)


@pytest.mark.parametrize(
    ("expression", "size"),
    [("int", 4), ("Point", 4), ("%Point", 12), ("%Line", 28), ("%Path", 12), ("Vector<int>", 8), ("vector<int>", 4)],
)
def test_the_fewest_bytes_of_a_value(expression: str, size: int) -> None:
    shapes = catalog()
    assert shapes.smallest(shapes.kind(expression)) == size


def test_names_ids_and_types_lead_to_each_other() -> None:
    shapes = catalog()
    assert [*shapes] == ["point", "line", "path", "getPath"]
    assert {shapes.id_of(name): name for name in shapes} == {number: shapes.name_of(number) for number in range(1, 5)}
    assert (shapes.constructors("Path"), shapes.constructors("GetPath")) == (["path"], [])
    assert [shapes.is_function(name) for name in ("path", "getPath", "circle")] == [False, True, None]


def test_an_error_names_the_text() -> None:
    with pytest.raises(SchemaError, match=r"shapes: no declaration is called circle"):
        catalog().plan("circle")
