/* text: words, with as much of TeX's mathematics between dollars as labels need: italics, ^, _, Greek letters, functions. */
#include "plot.h"

#include <string.h>

static const struct {
    const char *name, *text;
    bool upright;
} symbols[] = {
    { "alpha", "α", false },   { "beta", "β", false },   { "gamma", "γ", false },  { "delta", "δ", false },
    { "epsilon", "ε", false }, { "zeta", "ζ", false },   { "eta", "η", false },    { "theta", "θ", false },
    { "kappa", "κ", false },   { "lambda", "λ", false }, { "mu", "μ", false },     { "nu", "ν", false },
    { "xi", "ξ", false },      { "pi", "π", false },     { "rho", "ρ", false },    { "sigma", "σ", false },
    { "tau", "τ", false },     { "phi", "φ", false },    { "chi", "χ", false },    { "psi", "ψ", false },
    { "omega", "ω", false },   { "Gamma", "Γ", true },   { "Delta", "Δ", true },   { "Theta", "Θ", true },
    { "Lambda", "Λ", true },   { "Pi", "Π", true },      { "Sigma", "Σ", true },   { "Phi", "Φ", true },
    { "Psi", "Ψ", true },      { "Omega", "Ω", true },   { "sin", "sin", true },   { "cos", "cos", true },
    { "tan", "tan", true },    { "exp", "exp", true },   { "log", "log", true },   { "ln", "ln", true },
    { "max", "max", true },    { "min", "min", true },   { "infty", "∞", true },   { "times", "×", true },
    { "cdot", "·", true },     { "pm", "±", true },      { "leq", "≤", true },     { "geq", "≥", true },
    { "neq", "≠", true },      { "approx", "≈", true },  { "partial", "∂", true }, { "nabla", "∇", true },
    { "sum", "∑", true },      { "int", "∫", true },     { "to", "→", true },      { "rightarrow", "→", true },
    { "in", "∈", true },       { "prime", "′", true },   { "ell", "ℓ", true },     { "degree", "°", true },
    { "circ", "°", true },     { "ldots", "…", true },   { "sqrt", "√", true },    { " ", " ", true },
};

typedef struct {
    cairo_t *cr;
    bool paint;
    double size, x, low, high; /* the pen, and how far up and down ink may go */
} Pen;

static void run(Pen *p, const char *text, size_t n, bool italic, double scale, double rise) {
    char piece[256];
    if (!n) return;
    if (n >= sizeof piece) n = sizeof piece - 1;
    memcpy(piece, text, n);
    piece[n] = 0;
    cairo_select_font_face(p->cr, "DejaVu Sans", italic ? CAIRO_FONT_SLANT_OBLIQUE : CAIRO_FONT_SLANT_NORMAL,
                           CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(p->cr, p->size * scale);
    cairo_text_extents_t e;
    cairo_text_extents(p->cr, piece, &e);
    if (p->paint) {
        cairo_move_to(p->cr, p->x, -rise * p->size);
        cairo_show_text(p->cr, piece);
    }
    p->x += e.x_advance;
    double top = rise * p->size + 0.76 * p->size * scale, bottom = rise * p->size - 0.2 * p->size * scale;
    if (top > p->high) p->high = top;
    if (bottom < p->low) p->low = bottom;
}

static size_t letter_bytes(const char *s) {
    size_t n = 1;
    while (((unsigned char)s[n] & 0xc0) == 0x80) n++;
    return n;
}

static const char *mathematics(Pen *p, const char *s, const char *end, double scale, double rise);

/* One letter, one command, or what is between braces. */
static const char *group(Pen *p, const char *s, const char *end, double scale, double rise) {
    if (s < end && *s == '{') {
        int depth = 0;
        const char *e = s;
        for (; e < end; e++) {
            if (*e == '{') depth++;
            if (*e == '}' && --depth == 0) break;
        }
        mathematics(p, s + 1, e, scale, rise);
        return e < end ? e + 1 : end;
    }
    if (s < end && *s == '\\') {
        const char *e = s + 1;
        while (e < end && ((*e >= 'a' && *e <= 'z') || (*e >= 'A' && *e <= 'Z'))) e++;
        if (e == s + 1 && e < end) e++;
        return mathematics(p, s, e, scale, rise);
    }
    const char *e = s < end ? s + letter_bytes(s) : end;
    return mathematics(p, s, e > end ? end : e, scale, rise);
}

static void command(Pen *p, const char *name, size_t n, double scale, double rise) {
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
        if (strlen(symbols[i].name) == n && !memcmp(symbols[i].name, name, n)) {
            run(p, symbols[i].text, strlen(symbols[i].text), !symbols[i].upright, scale, rise);
            return;
        }
    static const char *const silent[] = { "mathrm", "mathbf", "mathit", "text", "left", "right", "rm", "displaystyle" };
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
        if (strlen(silent[i]) == n && !memcmp(silent[i], name, n)) return;
    run(p, name, n, false, scale, rise);
}

static bool is_function(const char *name, size_t n) {
    static const char *const functions[] = { "sin", "cos", "tan", "exp", "log", "ln", "max", "min" };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strlen(functions[i]) == n && !memcmp(functions[i], name, n)) return true;
    return false;
}

/* One over the other, the narrower one in the middle. */
static const char *fraction(Pen *p, const char *s, const char *end, double scale, double rise) {
    double start = p->x, size = 0.75 * scale, up = rise + 0.42 * scale, down = rise - 0.36 * scale;
    Pen trial = *p;
    trial.paint = false;
    const char *below = group(&trial, s, end, size, up);
    double top = trial.x - start;
    trial.x = start;
    const char *after = group(&trial, below, end, size, down);
    double bottom = trial.x - start, wide = top > bottom ? top : bottom;
    p->x = start + (wide - top) / 2;
    group(p, s, end, size, up);
    p->x = start + (wide - bottom) / 2;
    group(p, below, end, size, down);
    p->x = start + wide;
    if (p->paint) {
        cairo_set_line_width(p->cr, 0.06 * p->size);
        cairo_move_to(p->cr, start, -(rise + 0.28 * scale) * p->size),
            cairo_line_to(p->cr, p->x, -(rise + 0.28 * scale) * p->size);
        cairo_stroke(p->cr);
    }
    p->x += 0.12 * p->size * scale;
    return after;
}

static const char *mathematics(Pen *p, const char *s, const char *end, double scale, double rise) {
    bool binary = false; /* a minus here stands between two terms */
    for (; s < end; binary = !strchr("=+<>(,", s[-1])) {
        if (*s == '^' || *s == '_') {
            s = group(p, s + 1, end, 0.7 * scale, rise + (*s == '^' ? 0.38 : -0.16) * scale);
        } else if (*s == '\\') {
            const char *e = s + 1;
            while (e < end && ((*e >= 'a' && *e <= 'z') || (*e >= 'A' && *e <= 'Z'))) e++;
            if (e == s + 1 && e < end) e++;
            size_t n = (size_t)(e - s - 1);
            s = e;
            while (s < end && *s == ' ') s++;
            if (n == 1 && strchr(",;:!", e[-1])) { /* a thin space */
                p->x += (e[-1] == '!' ? -0.17 : 0.17) * p->size * scale;
                continue;
            }
            if (n == 4 && !memcmp(e - 4, "frac", 4)) {
                s = fraction(p, s, end, scale, rise);
                continue;
            }
            command(p, e - n, n, scale, rise);
            bool letter = s < end && ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || *s == '\\');
            if (is_function(e - n, n) && letter) p->x += 0.17 * p->size * scale;
        } else if (*s == '{' || *s == '}') {
            s++;
        } else if (*s == '\'') {
            run(p, "′", strlen("′"), false, scale, rise);
            s++;
        } else if (*s == '-') {
            const char *minus = binary ? " − " : "−";
            run(p, minus, strlen(minus), false, scale, rise);
            s++;
        } else {
            size_t n = letter_bytes(s);
            bool letter = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z');
            bool relation = *s == '=' || *s == '+' || *s == '<' || *s == '>';
            if (relation) run(p, " ", 1, false, scale, rise);
            if (*s != ' ') run(p, s, n, letter, scale, rise);
            if (relation) run(p, " ", 1, false, scale, rise);
            s += n;
        }
    }
    return s;
}

static void line(Pen *p, const char *text, size_t length) {
    const char *s = text, *end = text + length;
    while (s < end) {
        const char *dollar = memchr(s, '$', (size_t)(end - s));
        const char *close = dollar ? memchr(dollar + 1, '$', (size_t)(end - dollar - 1)) : NULL;
        if (!close) {
            run(p, s, (size_t)(end - s), false, 1, 0);
            return;
        }
        run(p, s, (size_t)(dollar - s), false, 1, 0);
        mathematics(p, dollar + 1, close, 1, 0);
        s = close + 1;
    }
}

static const double line_height = 1.25;

Extent text_extent(cairo_t *cr, const char *text, double size) {
    Extent e = { 0, 0.76 * size, 0.2 * size };
    int lines = 0;
    for (const char *s = text; s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL, lines++) {
        Pen p = { .cr = cr, .size = size, .high = 0.76 * size, .low = -0.2 * size };
        line(&p, s, strcspn(s, "\n"));
        if (p.x > e.width) e.width = p.x;
        if (!lines && p.high > e.ascent) e.ascent = p.high;
        e.descent = lines * line_height * size - p.low;
    }
    return e;
}

void text_draw(cairo_t *cr, const char *text, double size, double x, double y, double across, double up,
               double degrees) {
    Extent whole = text_extent(cr, text, size);
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_rotate(cr, -degrees * 3.14159265358979323846 / 180);
    double top = up * (whole.ascent + whole.descent) - whole.descent;
    int lines = 0;
    for (const char *s = text; s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL, lines++) {
        Pen p = { .cr = cr, .size = size };
        line(&p, s, strcspn(s, "\n"));
        cairo_save(cr);
        cairo_translate(cr, -across * p.x, top + lines * line_height * size);
        p = (Pen){ .cr = cr, .size = size, .paint = true };
        line(&p, s, strcspn(s, "\n"));
        cairo_restore(cr);
    }
    cairo_restore(cr);
}
