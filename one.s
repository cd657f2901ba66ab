	.file	"jxl"
	.section	.rodata.cst4,"aM",@progbits,4
	.p2align	2, 0x0
.LCPI0_0:
	.long	0xbf800000
.LCPI0_1:
	.long	0x7fffffff
.LCPI0_2:
	.long	0x80000000
.LCPI0_4:
	.long	99
.LCPI0_5:
	.short	400
	.short	0
	.section	.rodata,"a",@progbits
	.p2align	6, 0x0
.LCPI0_3:
	.long	0
	.long	1
	.long	2
	.long	3
	.long	4
	.long	5
	.long	6
	.long	7
	.long	8
	.long	9
	.long	10
	.long	11
	.long	12
	.long	13
	.long	14
	.long	15
.LCPI0_6:
	.long	0
	.long	4
	.long	8
	.long	12
	.long	16
	.long	20
	.long	24
	.long	28
	.long	32
	.long	36
	.long	40
	.long	44
	.long	48
	.long	52
	.long	56
	.long	60
.LCPI0_7:
	.long	64
	.long	68
	.long	72
	.long	76
	.long	80
	.long	84
	.long	88
	.long	92
	.long	96
	.long	100
	.long	104
	.long	108
	.long	112
	.long	116
	.long	120
	.long	124
.LCPI0_8:
	.long	128
	.long	132
	.long	136
	.long	140
	.long	144
	.long	148
	.long	152
	.long	156
	.long	160
	.long	164
	.long	168
	.long	172
	.long	176
	.long	180
	.long	184
	.long	188
.LCPI0_9:
	.long	192
	.long	196
	.long	200
	.long	204
	.long	208
	.long	212
	.long	216
	.long	220
	.long	224
	.long	228
	.long	232
	.long	236
	.long	240
	.long	244
	.long	248
	.long	252
.LCPI0_10:
	.long	256
	.long	260
	.long	264
	.long	268
	.long	272
	.long	276
	.long	280
	.long	284
	.long	288
	.long	292
	.long	296
	.long	300
	.long	304
	.long	308
	.long	312
	.long	316
.LCPI0_11:
	.long	320
	.long	324
	.long	328
	.long	332
	.long	336
	.long	340
	.long	344
	.long	348
	.long	352
	.long	356
	.long	360
	.long	364
	.long	368
	.long	372
	.long	376
	.long	380
.LCPI0_12:
	.long	384
	.long	388
	.long	392
	.long	396
	.long	396
	.long	396
	.long	396
	.long	396
	.long	396
	.long	396
	.long	396
	.long	396
	.long	396
	.long	396
	.long	396
	.long	396
.LCPI0_13:
	.long	48
	.long	49
	.long	50
	.long	51
	.long	52
	.long	53
	.long	54
	.long	55
	.long	56
	.long	57
	.long	58
	.long	59
	.long	60
	.long	61
	.long	62
	.long	63
.LCPI0_14:
	.long	32
	.long	33
	.long	34
	.long	35
	.long	36
	.long	37
	.long	38
	.long	39
	.long	40
	.long	41
	.long	42
	.long	43
	.long	44
	.long	45
	.long	46
	.long	47
.LCPI0_15:
	.long	16
	.long	17
	.long	18
	.long	19
	.long	20
	.long	21
	.long	22
	.long	23
	.long	24
	.long	25
	.long	26
	.long	27
	.long	28
	.long	29
	.long	30
	.long	31
	.text
	.p2align	4
	.type	main.jxl,@function
main.jxl:
	pushq	%rbp
	movq	%rsp, %rbp
	pushq	%r15
	pushq	%r14
	pushq	%r13
	pushq	%r12
	pushq	%rbx
	andq	$-64, %rsp
	subq	$1152, %rsp
	movq	%rdi, %rbx
	movl	$120000, %esi
	callq	jxl_alloc@PLT
	movq	%rax, %r14
	testq	%rax, %rax
	je	.LBB0_1
.LBB0_2:
	movq	%r14, 64(%rsp)
	leaq	main.jxl.piece(%rip), %rsi
	leaq	64(%rsp), %rdx
	movl	$100, %ecx
	movl	$12, %r8d
	movq	%rbx, %rdi
	callq	jxl_parallel_for@PLT
	testl	%eax, %eax
	jne	.LBB0_56
	movq	%rbx, 72(%rsp)
	leaq	40000(%r14), %r12
	leaq	80000(%r14), %r15
	movl	$40000, %edx
	movq	%r12, %rdi
	movq	%r14, %rsi
	callq	memcpy@PLT
	xorl	%eax, %eax
	.p2align	4
.LBB0_4:
	movl	%eax, 384(%rsp,%rax,4)
	cmpq	$99, %rax
	leaq	1(%rax), %rax
	jb	.LBB0_4
	leaq	40004(%r14), %rax
	leaq	40404(%r14), %rcx
	movq	%rcx, 56(%rsp)
	movq	$-1, %rdx
	movl	$1, %esi
	xorl	%r8d, %r8d
	vmovss	.LCPI0_0(%rip), %xmm0
	vbroadcastss	.LCPI0_1(%rip), %xmm1
	vxorps	%xmm2, %xmm2, %xmm2
	vbroadcastss	.LCPI0_2(%rip), %xmm3
	movq	%r12, %r9
	jmp	.LBB0_6
	.p2align	4
.LBB0_20:
	movq	88(%rsp), %rdx
	incq	%rdx
	movq	80(%rsp), %r9
	addq	$404, %r9
	incq	%rsi
	addq	$404, %rax
	addq	$404, 56(%rsp)
	cmpq	$100, %r8
	jge	.LBB0_21
.LBB0_6:
	movq	%r8, %r10
	movq	%r8, %rcx
	cmpq	$99, %r8
	jg	.LBB0_9
	movq	%r9, %rdi
	movq	%rdx, %r8
	vmovaps	%xmm0, %xmm4
	movq	%r10, %rcx
	.p2align	4
.LBB0_8:
	incq	%r8
	vmovss	(%rdi), %xmm5
	vandps	%xmm1, %xmm5, %xmm5
	vucomiss	%xmm4, %xmm5
	vmaxss	%xmm4, %xmm5, %xmm4
	cmovaq	%r8, %rcx
	addq	$400, %rdi
	cmpq	$99, %r8
	jl	.LBB0_8
.LBB0_9:
	movq	%r9, 80(%rsp)
	movq	%rdx, 88(%rsp)
	cmpq	%rcx, %r10
	je	.LBB0_11
	movl	384(%rsp,%r10,4), %edx
	movl	384(%rsp,%rcx,4), %edi
	movl	%edi, 384(%rsp,%r10,4)
	movl	%edx, 384(%rsp,%rcx,4)
	imulq	$400, %r10, %rdi
	vmovups	(%r12,%rdi), %zmm4
	imulq	$400, %rcx, %rcx
	vmovups	(%r12,%rcx), %zmm5
	vmovups	%zmm5, (%r12,%rdi)
	vmovups	%zmm4, (%r12,%rcx)
	vmovups	64(%r12,%rdi), %zmm4
	vmovups	64(%r12,%rcx), %zmm5
	vmovups	%zmm5, 64(%r12,%rdi)
	vmovups	%zmm4, 64(%r12,%rcx)
	vmovups	128(%r12,%rdi), %zmm4
	vmovups	128(%r12,%rcx), %zmm5
	vmovups	%zmm5, 128(%r12,%rdi)
	vmovups	%zmm4, 128(%r12,%rcx)
	vmovups	192(%r12,%rdi), %zmm4
	vmovups	192(%r12,%rcx), %zmm5
	vmovups	%zmm5, 192(%r12,%rdi)
	vmovups	%zmm4, 192(%r12,%rcx)
	vmovups	256(%r12,%rdi), %zmm4
	vmovups	256(%r12,%rcx), %zmm5
	vmovups	%zmm5, 256(%r12,%rdi)
	vmovups	%zmm4, 256(%r12,%rcx)
	vmovups	320(%r12,%rdi), %zmm4
	vmovups	320(%r12,%rcx), %zmm5
	vmovups	%zmm5, 320(%r12,%rdi)
	vmovups	%zmm4, 320(%r12,%rcx)
	movw	$15, %dx
	kmovd	%edx, %k1
	vmovups	384(%r12,%rdi), %zmm4 {%k1} {z}
	vmovups	384(%r12,%rcx), %zmm5 {%k1} {z}
	vmovups	%zmm5, 384(%r12,%rdi) {%k1}
	vmovups	%zmm4, 384(%r12,%rcx) {%k1}
.LBB0_11:
	leaq	1(%r10), %r8
	imulq	$404, %r10, %rcx
	vmovss	(%r12,%rcx), %xmm4
	vucomiss	%xmm2, %xmm4
	jne	.LBB0_12
	jnp	.LBB0_20
.LBB0_12:
	cmpq	$99, %r8
	jg	.LBB0_20
	imulq	$100, %r10, %rcx
	movl	$99, %r13d
	subq	%r10, %r13
	andq	$-16, %r13
	addq	%r8, %r13
	movl	$100, %edx
	subq	%r13, %rdx
	movq	%rdx, %rdi
	sarq	$63, %rdi
	andnq	%rdx, %rdi, %rdx
	cmpq	$16, %rdx
	movl	$16, %edi
	cmovgeq	%rdi, %rdx
	vpbroadcastd	%edx, %zmm5
	addq	%r13, %rcx
	leaq	(%r12,%rcx,4), %rbx
	movq	56(%rsp), %rcx
	movq	%r8, %r11
	jmp	.LBB0_14
	.p2align	4
.LBB0_19:
	addq	$400, %rcx
	cmpq	$99, %r11
	leaq	1(%r11), %r11
	jge	.LBB0_20
.LBB0_14:
	imulq	$100, %r11, %rdi
	leaq	(%rdi,%r10), %rdx
	vmovss	(%r12,%rdx,4), %xmm6
	vdivss	%xmm4, %xmm6, %xmm6
	vmovss	%xmm6, (%r12,%rdx,4)
	vxorps	%xmm3, %xmm6, %xmm6
	vbroadcastss	%xmm6, %zmm6
	cmpq	%r13, %r8
	jge	.LBB0_17
	xorl	%edx, %edx
	.p2align	4
.LBB0_16:
	vmovups	(%rax,%rdx,4), %zmm7
	vfmadd213ps	(%rcx,%rdx,4), %zmm6, %zmm7
	vmovups	%zmm7, (%rcx,%rdx,4)
	leaq	(%rsi,%rdx), %r9
	addq	$16, %r9
	addq	$16, %rdx
	cmpq	%r13, %r9
	jl	.LBB0_16
.LBB0_17:
	cmpq	$99, %r13
	jg	.LBB0_19
	vpcmpnleud	.LCPI0_3(%rip), %zmm5, %k1
	addq	%r13, %rdi
	vmovups	(%r12,%rdi,4), %zmm7 {%k1} {z}
	vmovups	(%rbx), %zmm8 {%k1} {z}
	vfmadd213ps	%zmm7, %zmm6, %zmm8
	vmovups	%zmm8, (%r12,%rdi,4) {%k1}
	jmp	.LBB0_19
.LBB0_1:
	movl	(%rbx), %eax
	testl	%eax, %eax
	jne	.LBB0_56
	jmp	.LBB0_2
.LBB0_21:
	leaq	80384(%r14), %rax
	movq	$-1, %rcx
	movw	$15, %dx
	kmovd	%edx, %k1
	.p2align	4
.LBB0_22:
	movl	388(%rsp,%rcx,4), %edx
	addl	$100, %edx
	vpbroadcastd	%edx, %zmm0
	vmovdqu64	%zmm0, -384(%rax)
	vmovdqu64	%zmm0, -320(%rax)
	vmovdqu64	%zmm0, -256(%rax)
	vmovdqu64	%zmm0, -192(%rax)
	vmovdqu64	%zmm0, -128(%rax)
	vmovdqu64	%zmm0, -64(%rax)
	vmovdqu32	%zmm0, (%rax) {%k1}
	incq	%rcx
	addq	$400, %rax
	cmpq	$99, %rcx
	jb	.LBB0_22
	leaq	80384(%r14), %rax
	movq	$-1, %rcx
	movl	$65535, %edx
	vpbroadcastd	.LCPI0_4(%rip), %zmm0
	vpbroadcastd	.LCPI0_5(%rip), %zmm1
	vmovdqa64	.LCPI0_6(%rip), %zmm2
	vmovdqa64	.LCPI0_7(%rip), %zmm3
	vmovdqa64	.LCPI0_8(%rip), %zmm4
	vmovdqa64	.LCPI0_9(%rip), %zmm5
	vmovdqa64	.LCPI0_10(%rip), %zmm6
	vxorps	%xmm7, %xmm7, %xmm7
	vmovdqa64	.LCPI0_11(%rip), %zmm8
	movw	$15, %si
	kmovd	%esi, %k1
	vmovdqa64	.LCPI0_12(%rip), %zmm9
	.p2align	4
.LBB0_24:
	movl	388(%rsp,%rcx,4), %esi
	testl	%esi, %esi
	movl	$0, %edi
	cmovsl	%edx, %edi
	kmovd	%edi, %k2
	vpbroadcastd	%esi, %zmm10
	vpblendmd	-384(%rax), %zmm10, %zmm11 {%k2}
	vpmaxsd	%zmm7, %zmm11, %zmm11
	vpminsd	%zmm0, %zmm11, %zmm11
	vpmaddwd	%zmm1, %zmm11, %zmm11
	vpaddd	%zmm2, %zmm11, %zmm11
	kxnorw	%k0, %k0, %k3
	vxorps	%xmm12, %xmm12, %xmm12
	vgatherdps	(%r14,%zmm11), %zmm12 {%k3}
	vmovups	%zmm12, -384(%rax)
	vpblendmd	-320(%rax), %zmm10, %zmm11 {%k2}
	vpmaxsd	%zmm7, %zmm11, %zmm11
	vpminsd	%zmm0, %zmm11, %zmm11
	vpmaddwd	%zmm1, %zmm11, %zmm11
	vpaddd	%zmm3, %zmm11, %zmm11
	kxnorw	%k0, %k0, %k3
	vxorps	%xmm12, %xmm12, %xmm12
	vgatherdps	(%r14,%zmm11), %zmm12 {%k3}
	vmovups	%zmm12, -320(%rax)
	vpblendmd	-256(%rax), %zmm10, %zmm11 {%k2}
	vpmaxsd	%zmm7, %zmm11, %zmm11
	vpminsd	%zmm0, %zmm11, %zmm11
	vpmaddwd	%zmm1, %zmm11, %zmm11
	vpaddd	%zmm4, %zmm11, %zmm11
	kxnorw	%k0, %k0, %k3
	vxorps	%xmm12, %xmm12, %xmm12
	vgatherdps	(%r14,%zmm11), %zmm12 {%k3}
	vmovups	%zmm12, -256(%rax)
	vpblendmd	-192(%rax), %zmm10, %zmm11 {%k2}
	vpmaxsd	%zmm7, %zmm11, %zmm11
	vpminsd	%zmm0, %zmm11, %zmm11
	vpmaddwd	%zmm1, %zmm11, %zmm11
	vpaddd	%zmm5, %zmm11, %zmm11
	kxnorw	%k0, %k0, %k3
	vxorps	%xmm12, %xmm12, %xmm12
	vgatherdps	(%r14,%zmm11), %zmm12 {%k3}
	vmovups	%zmm12, -192(%rax)
	vpblendmd	-128(%rax), %zmm10, %zmm11 {%k2}
	vpmaxsd	%zmm7, %zmm11, %zmm11
	vpminsd	%zmm0, %zmm11, %zmm11
	vpmaddwd	%zmm1, %zmm11, %zmm11
	vpaddd	%zmm6, %zmm11, %zmm11
	kxnorw	%k0, %k0, %k3
	vxorps	%xmm12, %xmm12, %xmm12
	vgatherdps	(%r14,%zmm11), %zmm12 {%k3}
	vmovups	%zmm12, -128(%rax)
	vpblendmd	-64(%rax), %zmm10, %zmm11 {%k2}
	vpmaxsd	%zmm7, %zmm11, %zmm11
	vpminsd	%zmm0, %zmm11, %zmm11
	vpmaddwd	%zmm1, %zmm11, %zmm11
	vpaddd	%zmm8, %zmm11, %zmm11
	kxnorw	%k0, %k0, %k3
	vxorps	%xmm12, %xmm12, %xmm12
	vgatherdps	(%r14,%zmm11), %zmm12 {%k3}
	vmovups	%zmm12, -64(%rax)
	vmovdqu32	(%rax), %zmm11 {%k1} {z}
	vmovdqa32	%zmm11, %zmm10 {%k2}
	vpmaxsd	%zmm7, %zmm10, %zmm10
	vpminsd	%zmm0, %zmm10, %zmm10
	vpmaddwd	%zmm1, %zmm10, %zmm10
	vpaddd	%zmm9, %zmm10, %zmm10
	vpxor	%xmm11, %xmm11, %xmm11
	kmovq	%k1, %k2
	vgatherdps	(%r14,%zmm10), %zmm11 {%k2}
	vmovups	%zmm11, (%rax) {%k1}
	incq	%rcx
	addq	$400, %rax
	cmpq	$99, %rcx
	jb	.LBB0_24
	movl	$40000, %edx
	movq	%r14, %rdi
	movq	%r15, %rsi
	vzeroupper
	callq	memcpy@PLT
	xorl	%eax, %eax
	movl	$64, %ecx
	movq	%r14, %rdx
	vmovdqa64	.LCPI0_3(%rip), %zmm10
	jmp	.LBB0_26
	.p2align	4
.LBB0_31:
	addq	$256, %rdx
	testq	%rax, %rax
	leaq	64(%rax), %rax
	jne	.LBB0_32
.LBB0_26:
	movl	$100, %esi
	subq	%rax, %rsi
	movq	%rsi, %rdi
	sarq	$63, %rdi
	andnq	%rsi, %rdi, %rsi
	cmpq	$64, %rsi
	cmovgeq	%rcx, %rsi
	vpbroadcastd	%esi, %zmm0
	movq	%r12, %rsi
	xorl	%edi, %edi
	jmp	.LBB0_27
	.p2align	4
.LBB0_30:
	leaq	(%r14,%r8,4), %r8
	vmovups	%zmm2, (%r8) {%k2}
	vmovups	%zmm1, 64(%r8) {%k3}
	vmovups	%zmm3, 128(%r8) {%k4}
	vmovups	%zmm4, 192(%r8) {%k1}
	addq	$400, %rsi
	cmpq	$99, %rdi
	leaq	1(%rdi), %rdi
	jae	.LBB0_31
.LBB0_27:
	vpcmpnleud	.LCPI0_13(%rip), %zmm0, %k1
	vpcmpnleud	%zmm10, %zmm0, %k2
	vpcmpnleud	.LCPI0_15(%rip), %zmm0, %k3
	imulq	$100, %rdi, %r8
	addq	%rax, %r8
	vmovups	64(%r14,%r8,4), %zmm1 {%k3} {z}
	vmovups	(%r14,%r8,4), %zmm2 {%k2} {z}
	vpcmpnleud	.LCPI0_14(%rip), %zmm0, %k4
	vmovups	128(%r14,%r8,4), %zmm3 {%k4} {z}
	vmovups	192(%r14,%r8,4), %zmm4 {%k1} {z}
	testq	%rdi, %rdi
	je	.LBB0_30
	movq	%rdx, %r9
	xorl	%r10d, %r10d
	.p2align	4
.LBB0_29:
	vmovups	192(%r9), %zmm5 {%k1} {z}
	vmovups	128(%r9), %zmm6 {%k4} {z}
	vmovups	64(%r9), %zmm7 {%k3} {z}
	vmovups	(%r9), %zmm8 {%k2} {z}
	vbroadcastss	(%rsi,%r10,4), %zmm9
	vfnmadd231ps	%zmm8, %zmm9, %zmm2
	vfnmadd231ps	%zmm7, %zmm9, %zmm1
	vfnmadd231ps	%zmm6, %zmm9, %zmm3
	vfnmadd231ps	%zmm5, %zmm9, %zmm4
	incq	%r10
	addq	$400, %r9
	cmpq	%rdi, %r10
	jb	.LBB0_29
	jmp	.LBB0_30
.LBB0_32:
	movl	$40000, %edx
	movq	%r15, %rdi
	movq	%r14, %rsi
	vzeroupper
	callq	memcpy@PLT
	vmovdqa64	.LCPI0_15(%rip), %zmm13
	vmovdqa64	.LCPI0_14(%rip), %zmm12
	vmovdqa64	.LCPI0_13(%rip), %zmm11
	vmovdqa64	.LCPI0_3(%rip), %zmm10
	leaq	119600(%r14), %rcx
	xorl	%edx, %edx
	movl	$64, %esi
	jmp	.LBB0_33
	.p2align	4
.LBB0_37:
	addq	$256, %rcx
	testq	%rdx, %rdx
	leaq	64(%rdx), %rdx
	jne	.LBB0_38
.LBB0_33:
	movl	$100, %eax
	subq	%rdx, %rax
	movq	%rax, %rdi
	sarq	$63, %rdi
	andnq	%rax, %rdi, %rax
	cmpq	$64, %rax
	cmovgeq	%rsi, %rax
	vpbroadcastd	%eax, %zmm0
	leaq	79996(%r14), %rdi
	movl	$99, %eax
	xorl	%r9d, %r9d
	jmp	.LBB0_34
	.p2align	4
.LBB0_36:
	leaq	(%r15,%r11,4), %r8
	imulq	$404, %r10, %r10
	vbroadcastss	(%r12,%r10), %zmm5
	vdivps	%zmm5, %zmm4, %zmm4
	vdivps	%zmm5, %zmm3, %zmm3
	vdivps	%zmm5, %zmm2, %zmm2
	vdivps	%zmm5, %zmm1, %zmm1
	vmovups	%zmm1, 128(%r8) {%k3}
	vmovups	%zmm2, 64(%r8) {%k2}
	vmovups	%zmm3, (%r8) {%k4}
	vmovups	%zmm4, 192(%r8) {%k1}
	decq	%rax
	addq	$-400, %rdi
	cmpq	$99, %r9
	leaq	1(%r9), %r9
	jae	.LBB0_37
.LBB0_34:
	vpcmpnleud	%zmm11, %zmm0, %k1
	vpcmpnleud	%zmm13, %zmm0, %k2
	vpcmpnleud	%zmm12, %zmm0, %k3
	movl	$99, %r10d
	subq	%r9, %r10
	imulq	$100, %r10, %r11
	addq	%rdx, %r11
	vmovups	128(%r15,%r11,4), %zmm1 {%k3} {z}
	vmovups	64(%r15,%r11,4), %zmm2 {%k2} {z}
	vpcmpnleud	%zmm10, %zmm0, %k4
	vmovups	(%r15,%r11,4), %zmm3 {%k4} {z}
	vmovups	192(%r15,%r11,4), %zmm4 {%k1} {z}
	movq	%rcx, %rbx
	movq	%rdi, %r13
	movq	%rax, %r8
	testq	%r9, %r9
	je	.LBB0_36
	.p2align	4
.LBB0_35:
	vmovups	192(%rbx), %zmm5 {%k1} {z}
	vmovups	128(%rbx), %zmm6 {%k3} {z}
	vmovups	64(%rbx), %zmm7 {%k2} {z}
	vmovups	(%rbx), %zmm8 {%k4} {z}
	vbroadcastss	(%r13), %zmm9
	vfnmadd231ps	%zmm8, %zmm9, %zmm3
	vfnmadd231ps	%zmm7, %zmm9, %zmm2
	vfnmadd231ps	%zmm6, %zmm9, %zmm1
	vfnmadd231ps	%zmm5, %zmm9, %zmm4
	incq	%r8
	addq	$-4, %r13
	addq	$-400, %rbx
	cmpq	$99, %r8
	jl	.LBB0_35
	jmp	.LBB0_36
.LBB0_38:
	movq	%r14, %rax
	addq	$80256, %rax
	xorl	%edx, %edx
	movl	$100, %ecx
	movl	$16, %esi
	leaq	832(%rsp), %rdi
	jmp	.LBB0_39
	.p2align	4
.LBB0_48:
	vmovss	%xmm0, (%r8)
	addq	$16000, %rax
	cmpq	$2, %rdx
	leaq	1(%rdx), %rdx
	jae	.LBB0_49
.LBB0_39:
	leaq	(,%rdx,8), %r9
	leaq	(%r9,%r9,4), %r8
	leaq	(%r9,%r9,4), %r9
	addq	$40, %r9
	cmpq	$100, %r9
	cmovgeq	%rcx, %r9
	vpxor	%xmm0, %xmm0, %xmm0
	cmpq	%r9, %r8
	jge	.LBB0_45
	movq	%rax, %r10
	vpxor	%xmm1, %xmm1, %xmm1
	vpxor	%xmm2, %xmm2, %xmm2
	vpxor	%xmm3, %xmm3, %xmm3
	.p2align	4
.LBB0_41:
	imulq	$400, %r8, %r11
	vaddps	(%r15,%r11), %zmm0, %zmm0
	vaddps	64(%r15,%r11), %zmm1, %zmm1
	vaddps	128(%r15,%r11), %zmm2, %zmm2
	vaddps	192(%r15,%r11), %zmm3, %zmm3
	vmovaps	%zmm0, 128(%rsp)
	vmovaps	%zmm1, 192(%rsp)
	vmovaps	%zmm2, 256(%rsp)
	vmovaps	%zmm3, 320(%rsp)
	movl	$36, %r12d
	xorl	%ebx, %ebx
	movl	$36, %r11d
	.p2align	4
.LBB0_42:
	subq	$16, %r11
	cmovgeq	%rsi, %r12
	vpbroadcastd	%r12d, %zmm0
	vpcmpnleud	%zmm10, %zmm0, %k1
	vmovups	128(%rsp,%rbx,4), %zmm0
	vaddps	(%r10,%rbx,4), %zmm0, %zmm0 {%k1}
	vmovups	%zmm0, 128(%rsp,%rbx,4)
	leaq	16(%rbx), %r13
	addq	$64, %rbx
	movq	%r11, %r12
	cmpq	$84, %rbx
	movq	%r13, %rbx
	jb	.LBB0_42
	vmovaps	128(%rsp), %zmm0
	vmovaps	192(%rsp), %zmm1
	vmovaps	256(%rsp), %zmm2
	vmovaps	320(%rsp), %zmm3
	incq	%r8
	addq	$400, %r10
	cmpq	%r9, %r8
	jl	.LBB0_41
	vaddps	%zmm2, %zmm0, %zmm0
	vaddps	%zmm3, %zmm1, %zmm1
	vaddps	%zmm1, %zmm0, %zmm0
.LBB0_45:
	vextractf64x4	$1, %zmm0, %ymm1
	vaddps	%ymm1, %ymm0, %ymm0
	vextractf128	$1, %ymm0, %xmm1
	vaddps	%xmm1, %xmm0, %xmm0
	vshufpd	$1, %xmm0, %xmm0, %xmm1
	vaddps	%xmm1, %xmm0, %xmm0
	vmovshdup	%xmm0, %xmm1
	vaddss	%xmm1, %xmm0, %xmm0
	movq	%rdi, %r8
	movq	%rdx, %r9
	testb	$1, %r9b
	je	.LBB0_48
	.p2align	4
.LBB0_47:
	vaddss	(%r8), %xmm0, %xmm0
	shrq	%r9
	addq	$4, %r8
	testb	$1, %r9b
	jne	.LBB0_47
	jmp	.LBB0_48
.LBB0_49:
	vxorps	%xmm0, %xmm0, %xmm0
	movl	$3, %eax
	leaq	832(%rsp), %rcx
	xorl	%edx, %edx
	movq	72(%rsp), %rbx
	jmp	.LBB0_50
	.p2align	4
.LBB0_53:
	movl	%eax, %esi
	shrq	%rax
	orb	%sil, %dl
	addq	$4, %rcx
.LBB0_50:
	testq	%rax, %rax
	je	.LBB0_54
	testb	$1, %al
	je	.LBB0_53
	vmovss	(%rcx), %xmm1
	vaddss	%xmm0, %xmm1, %xmm0
	kmovd	%edx, %k1
	vmovss	%xmm0, %xmm1, %xmm1 {%k1}
	vmovaps	%xmm1, %xmm0
	jmp	.LBB0_53
.LBB0_54:
	vmovss	%xmm0, 48(%rsp)
	leaq	48(%rsp), %rax
	movq	%rax, 96(%rsp)
	movq	$11, 104(%rsp)
	leaq	120(%rsp), %rax
	movq	%rax, 112(%rsp)
	leaq	.L__unnamed_1(%rip), %rdx
	leaq	96(%rsp), %r8
	movq	%rbx, %rdi
	movl	$1, %esi
	movl	$1, %ecx
	vzeroupper
	callq	jxl_print@PLT
	testl	%eax, %eax
	jne	.LBB0_56
	movq	%rbx, %rdi
	movq	%r14, %rsi
	callq	jxl_release@PLT
	xorl	%eax, %eax
.LBB0_56:
	leaq	-40(%rbp), %rsp
	popq	%rbx
	popq	%r12
	popq	%r13
	popq	%r14
	popq	%r15
	popq	%rbp
	retq
.Lfunc_end0:
	.size	main.jxl, .Lfunc_end0-main.jxl

	.section	.rodata,"a",@progbits
	.p2align	6, 0x0
.LCPI1_0:
	.long	0
	.long	1
	.long	2
	.long	3
	.long	4
	.long	5
	.long	6
	.long	7
	.long	8
	.long	9
	.long	10
	.long	11
	.long	12
	.long	13
	.long	14
	.long	15
	.section	.rodata.cst4,"aM",@progbits,4
	.p2align	2, 0x0
.LCPI1_1:
	.long	466688987
.LCPI1_2:
	.long	2
.LCPI1_3:
	.long	466688986
.LCPI1_4:
	.long	3
.LCPI1_5:
	.long	466688990
.LCPI1_6:
	.long	5
.LCPI1_7:
	.long	1065353216
.LCPI1_8:
	.long	0xbf800000
.LCPI1_9:
	.long	0xbf7fffff
.LCPI1_10:
	.long	0x40000000
.LCPI1_11:
	.long	0x80000000
.LCPI1_12:
	.long	0xbf317200
.LCPI1_13:
	.long	0x35bfbe8e
.LCPI1_14:
	.long	0xbd3c70aa
.LCPI1_15:
	.long	0x3dd8d4be
.LCPI1_16:
	.long	0xbe07401f
.LCPI1_17:
	.long	0x3e143a8f
.LCPI1_18:
	.long	0xbe2a6ba5
.LCPI1_19:
	.long	0x3e4cb397
.LCPI1_20:
	.long	0xbe800041
.LCPI1_21:
	.long	0x3eaaaad6
.LCPI1_22:
	.long	0xbf000000
.LCPI1_23:
	.long	2147483647
.LCPI1_24:
	.long	2139095040
.LCPI1_25:
	.long	0xc0a00000
.LCPI1_26:
	.long	0xc0400000
.LCPI1_27:
	.long	0xc0200000
.LCPI1_28:
	.long	0xb951f09b
.LCPI1_29:
	.long	0x32f16588
.LCPI1_30:
	.long	0x38d3b56b
.LCPI1_31:
	.long	0x34b84b36
.LCPI1_32:
	.long	0x3ab0dc72
.LCPI1_33:
	.long	0xb66c7357
.LCPI1_34:
	.long	0xbb70bde7
.LCPI1_35:
	.long	0xb6935ac1
.LCPI1_36:
	.long	0x3bbc127b
.LCPI1_37:
	.long	0x396532db
.LCPI1_38:
	.long	0xbbf9c5d7
.LCPI1_39:
	.long	0xbaa45408
.LCPI1_40:
	.long	0x3c1aa57e
.LCPI1_41:
	.long	0xbb88e4ef
.LCPI1_42:
	.long	0x3f8036db
.LCPI1_43:
	.long	0x3e7c8f63
.LCPI1_44:
	.long	0x40354f7e
.LCPI1_45:
	.long	0x3fc02e2f
.LCPI1_46:
	.long	0x3fb504f3
	.text
	.p2align	4
	.type	main.jxl.piece,@function
main.jxl.piece:
	cmpq	%rcx, %rdx
	jge	.LBB1_5
	imulq	$400, %rdx, %rax
	addq	(%rsi), %rax
	imull	$100, %edx, %esi
	movl	$16, %edi
	vmovdqa64	.LCPI1_0(%rip), %zmm0
	vpbroadcastd	.LCPI1_1(%rip), %zmm13
	vpbroadcastd	.LCPI1_2(%rip), %zmm15
	vpbroadcastd	.LCPI1_3(%rip), %zmm3
	vpbroadcastd	.LCPI1_4(%rip), %zmm17
	vpbroadcastd	.LCPI1_5(%rip), %zmm18
	vpbroadcastd	.LCPI1_6(%rip), %zmm20
	vpbroadcastd	.LCPI1_7(%rip), %zmm27
	vbroadcastss	.LCPI1_8(%rip), %zmm8
	vbroadcastss	.LCPI1_9(%rip), %zmm9
	vbroadcastss	.LCPI1_10(%rip), %zmm28
	vbroadcastss	.LCPI1_11(%rip), %zmm11
	vbroadcastss	.LCPI1_7(%rip), %zmm12
	vbroadcastss	.LCPI1_12(%rip), %zmm19
	vbroadcastss	.LCPI1_13(%rip), %zmm26
	vbroadcastss	.LCPI1_23(%rip), %zmm24
	vpbroadcastd	.LCPI1_24(%rip), %zmm30
	vbroadcastss	.LCPI1_25(%rip), %zmm31
	vbroadcastss	.LCPI1_26(%rip), %zmm29
	vbroadcastss	.LCPI1_46(%rip), %zmm7
	vbroadcastss	.LCPI1_36(%rip), %zmm10
	vbroadcastss	.LCPI1_38(%rip), %zmm2
	vbroadcastss	.LCPI1_40(%rip), %zmm4
	vbroadcastss	.LCPI1_42(%rip), %zmm5
	vbroadcastss	.LCPI1_44(%rip), %zmm6
	.p2align	4
.LBB1_2:
	movl	$100, %r10d
	xorl	%r9d, %r9d
	movl	$100, %r8d
	.p2align	4
.LBB1_3:
	leal	(%rsi,%r9), %r11d
	vpbroadcastd	%r11d, %zmm14
	vpaddd	%zmm0, %zmm14, %zmm14
	vprold	$13, %zmm14, %zmm16
	vpxord	%zmm14, %zmm16, %zmm16
	vpaddd	%zmm16, %zmm14, %zmm14
	vprold	$15, %zmm16, %zmm16
	vpxord	%zmm14, %zmm16, %zmm16
	vpaddd	%zmm16, %zmm14, %zmm14
	vprold	$26, %zmm16, %zmm16
	vpxord	%zmm14, %zmm16, %zmm16
	vpaddd	%zmm16, %zmm14, %zmm14
	vprold	$6, %zmm16, %zmm16
	vpxord	%zmm14, %zmm16, %zmm16
	vpaddd	%zmm13, %zmm16, %zmm16
	vpaddd	%zmm16, %zmm14, %zmm14
	vprold	$17, %zmm16, %zmm16
	vpxord	%zmm14, %zmm16, %zmm16
	vpaddd	%zmm16, %zmm14, %zmm14
	vprold	$29, %zmm16, %zmm16
	vpxord	%zmm14, %zmm16, %zmm16
	vpaddd	%zmm16, %zmm14, %zmm14
	vprold	$16, %zmm16, %zmm16
	vpxord	%zmm14, %zmm16, %zmm16
	vpaddd	%zmm16, %zmm14, %zmm14
	vprold	$24, %zmm16, %zmm16
	vpxord	%zmm14, %zmm16, %zmm16
	vpaddd	%zmm15, %zmm16, %zmm16
	vpaddd	%zmm3, %zmm14, %zmm14
	vpaddd	%zmm16, %zmm14, %zmm14
	vprold	$13, %zmm16, %zmm16
	vpxord	%zmm14, %zmm16, %zmm16
	vpaddd	%zmm16, %zmm14, %zmm14
	vprold	$15, %zmm16, %zmm16
	vpxord	%zmm14, %zmm16, %zmm16
	vpaddd	%zmm16, %zmm14, %zmm14
	vprold	$26, %zmm16, %zmm16
	vpxord	%zmm14, %zmm16, %zmm16
	vpaddd	%zmm16, %zmm14, %zmm14
	vprold	$6, %zmm16, %zmm16
	vpxord	%zmm14, %zmm16, %zmm16
	vpaddd	%zmm17, %zmm16, %zmm16
	vpaddd	%zmm16, %zmm14, %zmm14
	vprold	$17, %zmm16, %zmm16
	vpxord	%zmm14, %zmm16, %zmm16
	vpaddd	%zmm16, %zmm14, %zmm14
	vprold	$29, %zmm16, %zmm16
	vpxord	%zmm14, %zmm16, %zmm16
	vpaddd	%zmm16, %zmm14, %zmm14
	vprold	$16, %zmm16, %zmm16
	vpxord	%zmm14, %zmm16, %zmm16
	vpaddd	%zmm16, %zmm14, %zmm14
	vprold	$24, %zmm16, %zmm16
	vpxord	%zmm14, %zmm16, %zmm16
	vpaddd	%zmm18, %zmm16, %zmm16
	vpaddd	%zmm16, %zmm14, %zmm14
	vprold	$13, %zmm16, %zmm16
	vpxord	%zmm14, %zmm16, %zmm16
	vpaddd	%zmm16, %zmm14, %zmm14
	vprold	$15, %zmm16, %zmm16
	vpxord	%zmm14, %zmm16, %zmm16
	vpaddd	%zmm16, %zmm14, %zmm14
	vprold	$26, %zmm16, %zmm16
	vpxord	%zmm14, %zmm16, %zmm16
	vpaddd	%zmm16, %zmm14, %zmm14
	vprold	$6, %zmm16, %zmm16
	vpxord	%zmm14, %zmm16, %zmm16
	vpaddd	%zmm20, %zmm16, %zmm16
	vpaddd	%zmm3, %zmm14, %zmm14
	vpxord	%zmm16, %zmm14, %zmm14
	vpsrld	$9, %zmm14, %zmm14
	vpord	%zmm27, %zmm14, %zmm14
	vaddps	%zmm8, %zmm14, %zmm14
	vfmadd132ps	%zmm28, %zmm9, %zmm14
	vmaxps	%zmm14, %zmm9, %zmm14
	vxorps	%zmm11, %zmm14, %zmm16
	vmulps	%zmm16, %zmm14, %zmm16
	vmovdqa64	%zmm17, %zmm23
	vaddps	%zmm12, %zmm16, %zmm17
	vmovdqa64	%zmm15, %zmm22
	vgetmantps	$11, %zmm17, %zmm15
	vgetexpps	%zmm15, %zmm15
	vgetexpps	%zmm17, %zmm17
	vsubps	%zmm15, %zmm17, %zmm15
	vxorps	%zmm11, %zmm15, %zmm17
	vscalefps	%zmm17, %zmm12, %zmm17
	vmovdqa64	%zmm18, %zmm25
	vaddps	%zmm8, %zmm17, %zmm18
	vfmadd231ps	%zmm17, %zmm16, %zmm18
	vmovaps	%zmm19, %zmm17
	vfnmadd213ps	%zmm18, %zmm15, %zmm17
	vmovdqa64	%zmm13, %zmm21
	vmovaps	%zmm19, %zmm13
	vfmadd213ps	%zmm17, %zmm15, %zmm13
	vsubps	%zmm13, %zmm18, %zmm13
	vfmadd231ps	%zmm26, %zmm15, %zmm13
	vmovaps	%zmm29, %zmm1
	vmovaps	%zmm26, %zmm29
	vmovdqa64	%zmm20, %zmm26
	vbroadcastss	.LCPI1_14(%rip), %zmm20
	vfmadd213ps	.LCPI1_15(%rip){1to16}, %zmm18, %zmm20
	vfmadd213ps	.LCPI1_16(%rip){1to16}, %zmm18, %zmm20
	vfmadd213ps	.LCPI1_17(%rip){1to16}, %zmm18, %zmm20
	vfmadd213ps	.LCPI1_18(%rip){1to16}, %zmm18, %zmm20
	vfmadd213ps	.LCPI1_19(%rip){1to16}, %zmm18, %zmm20
	vfmadd213ps	.LCPI1_20(%rip){1to16}, %zmm18, %zmm20
	vfmadd213ps	.LCPI1_21(%rip){1to16}, %zmm18, %zmm20
	vfmadd213ps	.LCPI1_22(%rip){1to16}, %zmm18, %zmm20
	vmulps	%zmm18, %zmm18, %zmm18
	vfmadd213ps	%zmm13, %zmm20, %zmm18
	vmovdqa64	%zmm26, %zmm20
	vmovaps	%zmm29, %zmm26
	vmovaps	%zmm1, %zmm29
	vaddps	%zmm18, %zmm17, %zmm13
	vmovdqa64	%zmm25, %zmm18
	vandps	%zmm24, %zmm15, %zmm17
	vpcmpeqd	%zmm30, %zmm17, %k1
	vmovdqa64	%zmm23, %zmm17
	vmovaps	%zmm15, %zmm13 {%k1}
	vpternlogd	$248, %zmm11, %zmm16, %zmm13
	vpxord	%zmm11, %zmm13, %zmm15
	vcmpgtps	%zmm31, %zmm13, %k1
	vsqrtps	%zmm15, %zmm15
	vaddps	%zmm1, %zmm15, %zmm15
	vbroadcastss	.LCPI1_27(%rip), %zmm1
	vsubps	%zmm13, %zmm1, %zmm15 {%k1}
	vbroadcastss	.LCPI1_28(%rip), %zmm1
	vblendmps	.LCPI1_29(%rip){1to16}, %zmm1, %zmm13 {%k1}
	vbroadcastss	.LCPI1_30(%rip), %zmm1
	vblendmps	.LCPI1_31(%rip){1to16}, %zmm1, %zmm16 {%k1}
	vfmadd213ps	%zmm16, %zmm15, %zmm13
	vbroadcastss	.LCPI1_32(%rip), %zmm1
	vblendmps	.LCPI1_33(%rip){1to16}, %zmm1, %zmm16 {%k1}
	vfmadd231ps	%zmm13, %zmm15, %zmm16
	vbroadcastss	.LCPI1_34(%rip), %zmm1
	vblendmps	.LCPI1_35(%rip){1to16}, %zmm1, %zmm13 {%k1}
	vfmadd231ps	%zmm16, %zmm15, %zmm13
	vblendmps	.LCPI1_37(%rip){1to16}, %zmm10, %zmm16 {%k1}
	vfmadd231ps	%zmm13, %zmm15, %zmm16
	vblendmps	.LCPI1_39(%rip){1to16}, %zmm2, %zmm13 {%k1}
	vfmadd231ps	%zmm16, %zmm15, %zmm13
	vblendmps	.LCPI1_41(%rip){1to16}, %zmm4, %zmm16 {%k1}
	vfmadd231ps	%zmm13, %zmm15, %zmm16
	vblendmps	.LCPI1_43(%rip){1to16}, %zmm5, %zmm13 {%k1}
	vfmadd231ps	%zmm16, %zmm15, %zmm13
	vblendmps	.LCPI1_45(%rip){1to16}, %zmm6, %zmm16 {%k1}
	vfmadd231ps	%zmm13, %zmm15, %zmm16
	vmovdqa64	%zmm22, %zmm15
	subq	$16, %r8
	cmovgeq	%rdi, %r10
	vpbroadcastd	%r10d, %zmm13
	vpcmpnleud	%zmm0, %zmm13, %k1
	vandps	%zmm24, %zmm14, %zmm13
	vcmpeqps	%zmm12, %zmm13, %k2
	vbroadcastss	.LCPI1_24(%rip), %zmm16 {%k2}
	vmulps	%zmm16, %zmm14, %zmm13
	vmulps	%zmm7, %zmm13, %zmm13
	vmovups	%zmm13, (%rax,%r9,4) {%k1}
	vmovdqa64	%zmm21, %zmm13
	movq	%r8, %r10
	cmpq	$84, %r9
	leaq	16(%r9), %r9
	jb	.LBB1_3
	incq	%rdx
	addq	$400, %rax
	addq	$100, %rsi
	cmpq	%rcx, %rdx
	jl	.LBB1_2
.LBB1_5:
	xorl	%eax, %eax
	vzeroupper
	retq
.Lfunc_end1:
	.size	main.jxl.piece, .Lfunc_end1-main.jxl.piece

	.p2align	4
	.type	main.level,@function
main.level:
	pushq	%rbp
	pushq	%r14
	pushq	%rbx
	movl	.L__unnamed_2(%rip), %eax
	testl	%eax, %eax
	js	.LBB2_1
.LBB2_2:
	movl	.L__unnamed_2(%rip), %eax
	callq	main.jxl
	jmp	.LBB2_3
.LBB2_1:
	leaq	.L__unnamed_3(%rip), %rax
	leaq	.L__unnamed_2(%rip), %rcx
	movq	%rdi, %rbx
	movl	%esi, %ebp
	movq	%rax, %rsi
	movq	%rdx, %r14
	movl	$1, %edx
	callq	jxl_choose_level@PLT
	movq	%rbx, %rdi
	movl	%ebp, %esi
	movq	%r14, %rdx
	testl	%eax, %eax
	je	.LBB2_2
.LBB2_3:
	popq	%rbx
	popq	%r14
	popq	%rbp
	retq
.Lfunc_end2:
	.size	main.level, .Lfunc_end2-main.level

	.weak	main
	.p2align	4
	.type	main,@function
main:
	pushq	%rax
	leaq	main.level(%rip), %rdx
	callq	jxl_main@PLT
	popq	%rcx
	retq
.Lfunc_end3:
	.size	main, .Lfunc_end3-main

	.type	.L__unnamed_1,@object
	.section	.rodata.str1.1,"aMS",@progbits,1
.L__unnamed_1:
	.asciz	"{0!js}\n"
	.size	.L__unnamed_1, 8

	.type	.L__unnamed_4,@object
.L__unnamed_4:
	.asciz	"native"
	.size	.L__unnamed_4, 7

	.type	.L__unnamed_5,@object
.L__unnamed_5:
	.asciz	"avx,sahf,sse4.1,avx512ifma,sse4.2,avx512vpopcntdq,avx512cd,movbe,avxvnni,avx2,avx512vl,bmi,gfni,avx512f,avx512bf16,avx512vnni,avx512bw,sse3,lzcnt,ssse3,cx16,bmi2,fma,popcnt,f16c,avx512bitalg,avx512vbmi2,avx512vbmi,avx512dq"
	.size	.L__unnamed_5, 223

	.type	.L__unnamed_3,@object
	.section	.data.rel.ro,"aw",@progbits
	.p2align	3, 0x0
.L__unnamed_3:
	.quad	.L__unnamed_4
	.quad	.L__unnamed_5
	.size	.L__unnamed_3, 16

	.type	.L__unnamed_2,@object
	.data
	.p2align	2, 0x0
.L__unnamed_2:
	.long	4294967295
	.size	.L__unnamed_2, 4

	.section	".note.GNU-stack","",@progbits
