/* colour: colours by name, the cycle that things are drawn in, and maps from numbers to colours. */
#include "plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    unsigned colour;
} names[] = {
    // clang-format off
    { "black", 0x000000 }, { "white", 0xffffff }, { "red", 0xff0000 }, { "green", 0x008000 }, { "blue", 0x0000ff },
    { "cyan", 0x00ffff }, { "magenta", 0xff00ff }, { "yellow", 0xffff00 }, { "gray", 0x808080 },
    { "grey", 0x808080 }, { "orange", 0xffa500 }, { "purple", 0x800080 }, { "brown", 0xa52a2a },
    { "pink", 0xffc0cb }, { "olive", 0x808000 }, { "navy", 0x000080 }, { "teal", 0x008080 }, { "lime", 0x00ff00 },
    { "maroon", 0x800000 }, { "silver", 0xc0c0c0 }, { "gold", 0xffd700 }, { "indigo", 0x4b0082 },
    { "violet", 0xee82ee }, { "crimson", 0xdc143c }, { "coral", 0xff7f50 }, { "salmon", 0xfa8072 },
    { "tomato", 0xff6347 }, { "orangered", 0xff4500 }, { "darkorange", 0xff8c00 }, { "khaki", 0xf0e68c },
    { "darkgreen", 0x006400 }, { "forestgreen", 0x228b22 }, { "seagreen", 0x2e8b57 }, { "limegreen", 0x32cd32 },
    { "turquoise", 0x40e0d0 }, { "steelblue", 0x4682b4 }, { "royalblue", 0x4169e1 }, { "dodgerblue", 0x1e90ff },
    { "deepskyblue", 0x00bfff }, { "skyblue", 0x87ceeb }, { "lightblue", 0xadd8e6 }, { "darkblue", 0x00008b },
    { "midnightblue", 0x191970 }, { "slateblue", 0x6a5acd }, { "rebeccapurple", 0x663399 }, { "orchid", 0xda70d6 },
    { "plum", 0xdda0dd }, { "hotpink", 0xff69b4 }, { "deeppink", 0xff1493 }, { "firebrick", 0xb22222 },
    { "darkred", 0x8b0000 }, { "chocolate", 0xd2691e }, { "sienna", 0xa0522d }, { "peru", 0xcd853f },
    { "tan", 0xd2b48c }, { "wheat", 0xf5deb3 }, { "beige", 0xf5f5dc }, { "lightgray", 0xd3d3d3 },
    { "lightgrey", 0xd3d3d3 }, { "darkgray", 0xa9a9a9 }, { "darkgrey", 0xa9a9a9 }, { "dimgray", 0x696969 },
    { "slategray", 0x708090 }, { "lightgreen", 0x90ee90 }, { "aqua", 0x00ffff }, { "fuchsia", 0xff00ff },
    { "lavender", 0xe6e6fa },
    // clang-format on
};
static const char *const tableau[] = { "blue",  "orange", "green", "red",   "purple",
                                       "brown", "pink",   "gray",  "olive", "cyan" };
static const unsigned cycle[] = { 0x1f77b4, 0xff7f0e, 0x2ca02c, 0xd62728, 0x9467bd,
                                  0x8c564b, 0xe377c2, 0x7f7f7f, 0xbcbd22, 0x17becf };

/* At 0, 1/16, 2/16, ... 1; straight lines between. */
enum { ANCHORS = 17 };
static const struct {
    const char *name;
    unsigned at[ANCHORS];
} maps[] = {
    // clang-format off
    { "viridis", {
        0x440154, 0x48186a, 0x472d7b, 0x424086, 0x3b528b, 0x33638d, 0x2c728e, 0x26828e, 0x21918c,
        0x1fa088, 0x28ae80, 0x3fbc73, 0x5ec962, 0x84d44b, 0xaddc30, 0xd8e219, 0xfde725 } },
    { "plasma", {
        0x0d0887, 0x310597, 0x4c02a1, 0x6600a7, 0x7e03a8, 0x9511a1, 0xaa2395, 0xbc3587, 0xcc4778,
        0xda5a6a, 0xe66c5c, 0xf0804e, 0xf89540, 0xfdac33, 0xfdc527, 0xf8df25, 0xf0f921 } },
    { "inferno", {
        0x000004, 0x0b0724, 0x210c4a, 0x3d0965, 0x57106e, 0x71196e, 0x8a226a, 0xa32c61, 0xbc3754,
        0xd24644, 0xe45a31, 0xf1731d, 0xf98e09, 0xfcac11, 0xf9cb35, 0xf2ea69, 0xfcffa4 } },
    { "magma", {
        0x000004, 0x0a0822, 0x1d1147, 0x36106b, 0x51127c, 0x6a1c81, 0x832681, 0x9c2e7f, 0xb73779,
        0xd0416f, 0xe75263, 0xf56b5c, 0xfc8961, 0xfea772, 0xfec488, 0xfde2a3, 0xfcfdbf } },
    { "cividis", {
        0x00224e, 0x002e6a, 0x1a386f, 0x32436d, 0x434e6c, 0x535a6d, 0x61656f, 0x6f7073, 0x7d7c78,
        0x8c8878, 0x9b9476, 0xaba072, 0xbcae6c, 0xcdbb63, 0xdec958, 0xf0d846, 0xfee838 } },
    { "turbo", {
        0x30123b, 0x4040a2, 0x466be3, 0x4294ff, 0x28bceb, 0x18ddc2, 0x32f298, 0x6dfe62, 0xa4fc3c,
        0xcdec34, 0xeecf3a, 0xfdac34, 0xfb7e21, 0xeb500e, 0xd02f05, 0xa91601, 0x7a0403 } },
    { "gray", {
        0x000000, 0x101010, 0x202020, 0x303030, 0x404040, 0x505050, 0x606060, 0x707070, 0x808080,
        0x909090, 0xa0a0a0, 0xb0b0b0, 0xc0c0c0, 0xd0d0d0, 0xe0e0e0, 0xf0f0f0, 0xffffff } },
    { "hot", {
        0x0b0000, 0x350000, 0x5f0000, 0x890000, 0xb30000, 0xdd0000, 0xff0800, 0xff3200, 0xff5c00,
        0xff8600, 0xffb000, 0xffda00, 0xffff07, 0xffff46, 0xffff85, 0xffffc4, 0xffffff } },
    { "cool", {
        0x00ffff, 0x10efff, 0x20dfff, 0x30cfff, 0x40bfff, 0x50afff, 0x609fff, 0x708fff, 0x807fff,
        0x906fff, 0xa05fff, 0xb04fff, 0xc03fff, 0xd02fff, 0xe01fff, 0xf00fff, 0xff00ff } },
    { "jet", {
        0x000080, 0x0000c8, 0x0000ff, 0x0040ff, 0x0080ff, 0x00c0ff, 0x16ffe1, 0x49ffad, 0x7dff7a,
        0xb1ff46, 0xe4ff13, 0xffd000, 0xff9400, 0xff5900, 0xff1e00, 0xc40000, 0x800000 } },
    { "coolwarm", {
        0x3b4cc0, 0x4e68d8, 0x6282ea, 0x779af7, 0x8db0fe, 0xa3c2fe, 0xb9d0f9, 0xccd9ed, 0xdddcdc,
        0xecd3c5, 0xf5c4ac, 0xf7b093, 0xf4987a, 0xeb7d62, 0xdd5f4b, 0xca3b37, 0xb40426 } },
    { "bwr", {
        0x0000ff, 0x2020ff, 0x4040ff, 0x6060ff, 0x8080ff, 0xa0a0ff, 0xc0c0ff, 0xe0e0ff, 0xfffefe,
        0xffdede, 0xffbebe, 0xff9e9e, 0xff7e7e, 0xff5e5e, 0xff3e3e, 0xff1e1e, 0xff0000 } },
    { "seismic", {
        0x00004c, 0x000079, 0x0000a6, 0x0000d3, 0x0101ff, 0x4141ff, 0x8181ff, 0xc1c1ff, 0xfffdfd,
        0xffbdbd, 0xff7d7d, 0xff3d3d, 0xfe0000, 0xde0000, 0xbe0000, 0x9e0000, 0x800000 } },
    { "RdBu", {
        0x67001f, 0x960f27, 0xbb2a34, 0xd25849, 0xe58368, 0xf5ac8b, 0xfbceb7, 0xfbe6da, 0xf6f7f7,
        0xdeebf2, 0xc0dceb, 0x98c8e0, 0x68abd0, 0x3e8cbf, 0x2870b1, 0x15508d, 0x053061 } },
    { "Spectral", {
        0x9e0142, 0xc1274a, 0xdd4a4c, 0xf06744, 0xf98e52, 0xfdb567, 0xfed481, 0xfeec9f, 0xffffbe,
        0xeff9a6, 0xd6ee9b, 0xb1dfa3, 0x86cfa5, 0x5eb9a9, 0x3d95b8, 0x4471b2, 0x5e4fa2 } },
    { "Blues", {
        0xf7fbff, 0xeaf3fb, 0xdeebf7, 0xd2e3f3, 0xc6dbef, 0xb2d2e8, 0x9dcae1, 0x84bcdb, 0x6aaed6,
        0x56a0ce, 0x4191c6, 0x3181bd, 0x2070b4, 0x1460a8, 0x08509b, 0x084082, 0x08306b } },
    { "Greens", {
        0xf7fcf5, 0xeef8ea, 0xe5f5e0, 0xd6efd0, 0xc7e9c0, 0xb4e1ad, 0xa0d99b, 0x8ace88, 0x73c476,
        0x5ab769, 0x40aa5d, 0x319a50, 0x228a44, 0x117b38, 0x006c2c, 0x005723, 0x00441b } },
    { "Reds", {
        0xfff5f0, 0xfeeae1, 0xfee0d2, 0xfdcdb9, 0xfcbba1, 0xfca689, 0xfc9272, 0xfb7d5d, 0xfb694a,
        0xf5523a, 0xee3a2c, 0xdc2924, 0xca181d, 0xb71319, 0xa30f15, 0x840711, 0x67000d } },
    { "Oranges", {
        0xfff5eb, 0xfeeddc, 0xfee6ce, 0xfddbb8, 0xfdd0a2, 0xfdbf86, 0xfdae6a, 0xfd9d53, 0xfd8c3b,
        0xf77a27, 0xf16813, 0xe4580a, 0xd84801, 0xbe3f02, 0xa53603, 0x912e04, 0x7f2704 } },
    { "Purples", {
        0xfcfbfd, 0xf5f4f9, 0xefedf5, 0xe4e3f0, 0xdadaeb, 0xcbcbe3, 0xbcbddc, 0xadabd2, 0x9e9ac8,
        0x8e8bc1, 0x807cba, 0x7566ae, 0x6950a3, 0x5e3b98, 0x53268f, 0x491285, 0x3f007d } },
    { "bone", {
        0x000000, 0x0e0e13, 0x1c1c27, 0x2a2a3a, 0x38384e, 0x464661, 0x545574, 0x626882, 0x707b90,
        0x7e8f9e, 0x8ca2ac, 0x9ab5ba, 0xa9c8c8, 0xbfd6d6, 0xd5e4e4, 0xeaf2f2, 0xffffff } },
    { "copper", {
        0x000000, 0x140c08, 0x281910, 0x3b2518, 0x4f3220, 0x633e28, 0x774b30, 0x8a5738, 0x9e6440,
        0xb27048, 0xc67d50, 0xd98958, 0xed9660, 0xffa267, 0xffaf6f, 0xffbb77, 0xffc77f } },
    { "terrain", {
        0x333399, 0x1e5ec4, 0x0888ee, 0x00acc4, 0x01cc66, 0x41d973, 0x81e680, 0xc1f38d, 0xfefe98,
        0xded587, 0xbeac76, 0x9e8365, 0x815e56, 0xa18781, 0xc1b0ac, 0xe1d9d7, 0xffffff } },
    { "twilight", {
        0xe2d9e2, 0xc4ced4, 0x95b5c7, 0x7297c1, 0x6276ba, 0x5e51ad, 0x592a8f, 0x45135c, 0x2f1436,
        0x4a1342, 0x741e4f, 0x983550, 0xb25652, 0xc27c63, 0xcca389, 0xd8c7be, 0xe2d9e2 } },
    { "hsv", {
        0xff0000, 0xff5f00, 0xffbd00, 0xe2ff00, 0x84ff00, 0x25ff00, 0x00ff39, 0x00ff97, 0x00fff6,
        0x00aaff, 0x004bff, 0x1300ff, 0x7200ff, 0xd000ff, 0xff00cf, 0xff0071, 0xff0018 } },
    // clang-format on
};

static Colour of_word(unsigned c) {
    return (Colour){ (c >> 16) / 255.0, (c >> 8 & 255) / 255.0, (c & 255) / 255.0, 1 };
}

Colour colour_cycle(int i) { return of_word(cycle[i % 10]); }

/* The letters of MATLAB: "k" is black. */
static bool letter(const char *name, Colour *c) {
    static const char letters[] = "bgrcmykw";
    static const unsigned colours[] = {
        0x0000ff, 0x008000, 0xff0000, 0x00bfbf, 0xbf00bf, 0xbfbf00, 0x000000, 0xffffff
    };
    const char *at = name[0] && !name[1] ? strchr(letters, name[0]) : NULL;
    if (at) *c = of_word(colours[at - letters]);
    return at != NULL;
}

/* "#1f77b4", "#1f77b480" or "#17b" */
static bool hexadecimal(const char *name, Colour *c) {
    size_t n = strlen(name + 1);
    char *end;
    unsigned long x = strtoul(name + 1, &end, 16);
    if (*end || (n != 3 && n != 6 && n != 8)) return false;
    if (n == 3) x = (x >> 8) * 0x110000 + (x >> 4 & 15) * 0x1100 + (x & 15) * 0x11;
    *c = of_word((unsigned)(n == 8 ? x >> 8 : x));
    if (n == 8) c->a = (double)(x & 255) / 255;
    return true;
}

bool colour_of(const char *name, Colour *c) {
    char *end;
    if (*name == '#') return hexadecimal(name, c);
    if (letter(name, c)) return true;
    if (*name == 'C' && name[1] >= '0' && name[1] <= '9') {
        *c = colour_cycle(atoi(name + 1));
        return true;
    }
    if (!strncmp(name, "tab:", 4)) {
        for (int i = 0; i < 10; i++)
            if (!strcmp(name + 4, tableau[i]) || (i == 7 && !strcmp(name + 4, "grey"))) {
                *c = of_word(cycle[i]);
                return true;
            }
        return false;
    }
    if (*name == '(' || *name == '[') {
        *c = (Colour){ 0, 0, 0, 1 };
        return sscanf(name + 1, "%lf , %lf , %lf , %lf", &c->r, &c->g, &c->b, &c->a) >= 3;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i].name)) {
            *c = of_word(names[i].colour);
            return true;
        }
    double grey = strtod(name, &end);
    if (*end || end == name || !(grey >= 0 && grey <= 1)) return false;
    *c = (Colour){ grey, grey, grey, 1 };
    return true;
}

/* Which map it is; -1: none.  "viridis_r" is viridis backwards; binary and Greys go from white to black. */
static int map_index(const char *name, size_t n) {
    if (n == 4 && !strncmp(name, "grey", n)) name = "gray";
    for (int i = 0; i < (int)(sizeof maps / sizeof *maps); i++)
        if (strlen(maps[i].name) == n && !strncmp(maps[i].name, name, n)) return i;
    return -1;
}

static bool is_backwards(const char *name) {
    size_t n = strlen(name);
    return n > 2 && !strcmp(name + n - 2, "_r");
}

static bool is_grey(const char *name) { return !strncmp(name, "binary", 6) || !strncmp(name, "Greys", 5); }

bool map_is_known(const char *name) {
    return is_grey(name) || map_index(name, strlen(name) - (is_backwards(name) ? 2 : 0)) >= 0;
}

Colour map_colour(const char *name, double t) {
    bool backwards = is_backwards(name);
    int which = map_index(name, strlen(name) - (backwards ? 2 : 0));
    if (which < 0) which = 0;
    t = isnan(t) ? 0 : fmax(0, fmin(1, t));
    if (is_grey(name)) {
        double grey = backwards ? t : 1 - t;
        return (Colour){ grey, grey, grey, 1 };
    }
    if (backwards) t = 1 - t;
    int k = (int)fmin(ANCHORS - 2, floor(t * (ANCHORS - 1)));
    double part = t * (ANCHORS - 1) - k;
    Colour a = of_word(maps[which].at[k]), b = of_word(maps[which].at[k + 1]);
    return (Colour){ a.r + part * (b.r - a.r), a.g + part * (b.g - a.g), a.b + part * (b.b - a.b), 1 };
}
