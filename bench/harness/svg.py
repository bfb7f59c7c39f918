"""Pictures of the bench, as SVG: lines over a growing thing, and a flame graph. No library, no script inside."""
import html
import math

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 320, 64, 44, 34, 16
COLOURS = ["#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df"]
HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" font-family="sans-serif" font-size="12">'
PAPER = '<rect width="100%" height="100%" fill="#ffffff"/>'


def short(value):
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def decades(low, high):
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    return [10.0**n for n in range(first, max(last, first + 1) + 1)]


def lines(title, series):
    """{name: [[x, y], …]} on two logarithmic axes; x is the thing that grows, y microseconds."""
    xs = [max(x, 0.5) for points in series.values() for x, _ in points]
    ys = [y for points in series.values() for _, y in points]
    x_marks, y_marks = decades(min(xs), max(xs)), decades(min(ys), max(ys))

    def at_x(x):
        return LEFT + (math.log10(max(x, 0.5)) - math.log10(x_marks[0])) / (math.log10(x_marks[-1]) - math.log10(x_marks[0])) * (WIDTH - LEFT - RIGHT)

    def at_y(y):
        return HEIGHT - BOTTOM - (math.log10(y) - math.log10(y_marks[0])) / (math.log10(y_marks[-1]) - math.log10(y_marks[0])) * (HEIGHT - TOP - BOTTOM)

    out = [HEAD.format(w=WIDTH, h=HEIGHT), f"<title>{html.escape(title)}</title>", PAPER]
    for x in x_marks:
        out.append(f'<path d="M{at_x(x):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#d8dee4"/><text x="{at_x(x):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{short(x)}</text>')
    for y in y_marks:
        out.append(f'<path d="M{LEFT} {at_y(y):.1f}H{WIDTH - RIGHT}" stroke="#d8dee4"/><text x="{LEFT - 6}" y="{at_y(y) + 4:.1f}" text-anchor="end">{short(y)} µs</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{html.escape(title)}</text>')
    for i, (name, points) in enumerate(sorted(series.items())):
        colour = COLOURS[i % len(COLOURS)]
        path = " ".join(f"{'M' if n == 0 else 'L'}{at_x(x):.1f} {at_y(y):.1f}" for n, (x, y) in enumerate(points))
        out.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{at_x(x):.1f}" cy="{at_y(y):.1f}" r="3" fill="{colour}"/>' for x, y in points]
        out.append(f'<text x="{LEFT + 4 + i * 150}" y="{TOP - 14}" fill="{colour}">{html.escape(name)}</text>')
    return "\n".join([*out, "</svg>", ""])


def over_time(title, rows):
    """{name: [(minute, value), …]}: one strip for each, below one another, each on its own scale from zero."""
    strip, width = 110, 760
    height = TOP + strip * len(rows) + 34
    end = max(x for points in rows.values() for x, _ in points) or 1
    out = [HEAD.format(w=width, h=height), f"<title>{html.escape(title)}</title>", PAPER, f'<text x="{LEFT}" y="20">{html.escape(title)}</text>']
    for i, (name, points) in enumerate(rows.items()):
        bottom, most = TOP + strip * (i + 1) - 14, max(y for _, y in points) or 1
        path = " ".join(
            f"{'L' if n else 'M'}{LEFT + x / end * (width - LEFT - RIGHT):.1f} {bottom - y / (most * 1.15) * (strip - 30):.1f}" for n, (x, y) in enumerate(points)
        )
        colour = COLOURS[i % len(COLOURS)]
        out.append(f'<path d="M{LEFT} {bottom}H{width - RIGHT}" stroke="#d8dee4"/><path d="{path}" fill="none" stroke="{colour}" stroke-width="1.2"/>')
        out.append(f'<text x="{LEFT - 6}" y="{bottom - (strip - 30) / 1.15 + 4:.1f}" text-anchor="end">{most:.4g}</text><text x="{LEFT - 6}" y="{bottom + 4}" text-anchor="end">0</text>')
        out.append(f'<text x="{LEFT + 4}" y="{bottom - strip + 28}" fill="{colour}">{html.escape(name)}</text>')
    for minute in range(0, int(end) + 1, max(1, int(end) // 8)):
        out.append(f'<text x="{LEFT + minute / end * (width - LEFT - RIGHT):.1f}" y="{height - 22}" text-anchor="middle">{minute}</text>')
    out.append(f'<text x="{width / 2}" y="{height - 6}" text-anchor="middle">minutes</text>')
    return "\n".join([*out, "</svg>", ""])


def flame(title, stacks, least=0.004):
    """{(outermost, …, innermost): samples}: a box for each function, as wide as its share; those under `least` are left out."""
    total = sum(stacks.values())
    tree = {}
    for stack, count in stacks.items():
        level = tree
        for name in stack:
            node = level.setdefault(name, [0, {}])
            node[0] += count
            level = node[1]
    boxes = []

    def walk(level, depth, start):
        for name, (count, inner) in sorted(level.items()):
            if count / total >= least:
                boxes.append((depth, start, count, name))
                walk(inner, depth + 1, start)
            start += count

    walk(tree, 0, 0)
    width, row = 1200, 17
    height = (max(b[0] for b in boxes) + 2) * row + 24
    out = [HEAD.format(w=width, h=height).replace('font-size="12"', 'font-size="11"'), f"<title>{html.escape(title)}</title>", PAPER,
           f'<text x="4" y="14">{html.escape(title)}</text>']
    for depth, start, count, name in boxes:
        x, w = start / total * width, count / total * width
        y = height - (depth + 1) * row - 4
        warm = "#f6c453" if "sallyport" in name else "#9ec5fe" if "libcrypto" in name or name.startswith(("EC_", "ossl_", "bn_")) else "#e5e7eb"
        label = name if len(name) * 6 < w else name[: max(0, int(w / 6) - 1)]
        out.append(f'<g><title>{html.escape(name)} {count / total:.1%}</title><rect x="{x:.1f}" y="{y}" width="{max(w - 0.5, 0.5):.1f}" height="{row - 1}" fill="{warm}"/>'
                   + (f'<text x="{x + 2:.1f}" y="{y + 12}">{html.escape(label)}</text>' if len(label) > 2 else "") + "</g>")
    return "\n".join([*out, "</svg>", ""])
