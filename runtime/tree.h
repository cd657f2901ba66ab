/* Sums (or extremes) over shards, by a tree over their numbers. */
#ifndef JXL_TREE_H
#define JXL_TREE_H

#include <stdint.h>

enum { TREE_LEVELS = 48 };

/* A node that is there: level k, shards start .. start + 2^k - 1 as far as there are any. */
typedef struct {
    int64_t start;
    int level;
    const char *data;
} Node;

typedef struct {
    int dtype, kind; /* JXL_SUM, JXL_MIN or JXL_MAX */
    int64_t shards;
    const Node *nodes; /* ascending */
    int64_t nnodes;
    int64_t from, n; /* elements of each node that are looked at */
} Tree;

int jxl_tree_top(int64_t shards); /* the level of the node that is all shards */
/* The largest nodes that lie in a block; there are fewer than 2 TREE_LEVELS. */
int jxl_tree_nodes_of_block(int64_t shards, int64_t first, int64_t count, Node *nodes);
/* A node's elements from those that are there. */
void jxl_tree_reduce(const Tree *, int64_t start, int level, char *out);

#endif
