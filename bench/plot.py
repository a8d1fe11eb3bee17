# SPDX-License-Identifier: MPL-2.0
"""Draws cost against number of volumes, both on logarithmic axes, as SVG."""
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 540, 420  # of one panel
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 50, 140
COLORS = {"shareiscsi": "#c1121f", "floor": "#555555"}
OTHERS = ["#1d6fb8", "#2a9d4a", "#b8770f", "#7a3fb0", "#0f8f8f", "#d24b8f", "#6b8e23"]


def decades(low, high):
    return range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)


def label_seconds(power):
    return f"{10 ** power:g} s" if power >= 0 else f"{10 ** (power + 3):g} ms" if power >= -3 \
        else f"{10 ** (power + 6):g} µs"


class Panel:
    """One pair of axes with its lines; `lines` is {name: [(count, seconds)]}."""

    def __init__(self, title, lines):
        self.title, self.lines = title, lines
        points = [point for line in lines.values() for point in line]
        self.x = decades(min(p[0] for p in points), max(p[0] for p in points))
        self.y = decades(min(p[1] for p in points), max(p[1] for p in points))

    def at(self, count, seconds):
        def share(number, powers):
            return (math.log10(number) - powers[0]) / max(powers[-1] - powers[0], 1)

        return (LEFT + share(count, self.x) * (WIDTH - LEFT - RIGHT),
                HEIGHT - BOTTOM - share(seconds, self.y) * (HEIGHT - TOP - BOTTOM))

    def axes(self):
        right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
        yield f'<text x="{LEFT}" y="24" font-size="15" font-weight="bold">{escape(self.title)}</text>'
        for power in self.x:
            x = self.at(10 ** power, 10 ** self.y[0])[0]
            yield f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}" stroke="#ddd"/>'
            yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{10 ** power:,}</text>'
        for power in self.y:
            y = self.at(10 ** self.x[0], 10 ** power)[1]
            yield f'<line x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#ddd"/>'
            yield (f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">'
                   f'{label_seconds(power)}</text>')
        yield (f'<text x="{(LEFT + right) / 2}" y="{bottom + 36}" text-anchor="middle">'
               'volumes</text>')

    def draw(self, offset):
        yield f'<g transform="translate({offset},0)">'
        yield from self.axes()
        others = iter(OTHERS)
        for i, (name, line) in enumerate(self.lines.items()):
            color = COLORS.get(name) or next(others, "#000000")
            dash = ' stroke-dasharray="6 4"' if name == "floor" else ""
            path = " ".join("{:.1f},{:.1f}".format(*self.at(*point)) for point in line)
            yield (f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"'
                   f'{dash}/>')
            for point in line:
                x, y = self.at(*point)
                yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>'
            x, y = LEFT + i % 2 * 240, HEIGHT - BOTTOM + 56 + i // 2 * 20
            yield (f'<line x1="{x}" y1="{y}" x2="{x + 24}" y2="{y}" stroke="{color}" '
                   f'stroke-width="2"{dash}/>')
            yield f'<text x="{x + 30}" y="{y + 4}">{escape(name)}</text>'
        yield "</g>"


def lines_by(rows, field, names=None):
    lines = {}
    for row in sorted(rows, key=lambda r: r["count"]):
        name = names[row[field]] if names else row[field]
        lines.setdefault(name, []).append((row["count"], row["seconds"]))
    return lines


def panels(rows, cases):
    titles = {"stgt": "tgtd", "lio": "LIO"}
    for target in dict.fromkeys(row["target"] for row in rows if row["target"] in titles):
        here = [row for row in rows if row["target"] == target]
        yield Panel(f"{titles[target]}: share -a",
                    lines_by([r for r in here if r["case"] == "share-all"], "who"))
        order = list(cases)
        ours = sorted((r for r in here if r["who"] == "shareiscsi"),
                      key=lambda r: order.index(r["case"]))
        yield Panel(f"{titles[target]}: shareiscsi", lines_by(ours, "case", cases))


def draw(rows, cases):
    drawn = list(panels(rows, cases))
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH * len(drawn)}" height="{HEIGHT}" '
           f'viewBox="0 0 {WIDTH * len(drawn)} {HEIGHT}" font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>']
    for i, panel in enumerate(drawn):
        out.extend(panel.draw(i * WIDTH))
    return "\n".join(out + ["</svg>"]) + "\n"
