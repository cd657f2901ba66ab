/* fuse.h: what the files of fusing share: the instructions of a block, who reads them, and the groups they are in. */
#ifndef JXL_OPTIMIZE_FUSE_H
#define JXL_OPTIMIZE_FUSE_H

#include "optimize/fuse_why.h"

typedef struct Node {
    const Inst *in;
    struct Node *group; /* itself, or the one that stands for its group */
    bool live;          /* something needs it */
    bool fusable, free; /* free: copied to wherever it is read */
    bool wanted;        /* also read by what is no group: the block's results, calls, blocks inside */
    bool emitted;       /* the group, or an instruction by itself */
    int segment;        /* between two readings of the clock */
    int first, last;    /* of the group: its members stand between these */
    int *member;        /* of the group, ascending */
    int nmembers;
    int *reader; /* nodes that read it, through free ones too; ascending */
    int nreaders;
    int *binder; /* nodes that bind sizes which stand in its types */
    int nbinders;
    int mark;  /* of a search */
    int taken; /* of a list of members */
} Node;

typedef struct {
    Walk *w;
    Compiler *cx;
    Arena *arena;
    const Block *block;
    Node *node;
    int n, mark, visited, taken;
    const Inst *via; /* what lies between two groups that cannot be one */
    Map at;          /* Inst to Node */
    Why *why;
    Map refused; /* two groups, as they were, between which no plan was found */
} Fuse;

/* fuse_nodes.c */
Node *fuse_node_of(const Fuse *, const Value *); /* NULL: not of this block */
void fuse_find_nodes(Fuse *);

#endif
