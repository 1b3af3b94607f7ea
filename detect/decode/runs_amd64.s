#include "textflag.h"

// What a byte's lower and upper half say of it: it is a character of base64 when they have a bit in common. The bits are
// those of the rows 2, 3, 4 and 6, 5, and 7 of ASCII.
DATA lower<>+0(SB)/8, $0x1e1e1e1e1e1e1e1a
DATA lower<>+8(SB)/8, $0x0d040504051c1e1e
GLOBL lower<>(SB), RODATA|NOPTR, $16
DATA upper<>+0(SB)/8, $0x1004080402010000
DATA upper<>+8(SB)/8, $0x0000000000000000
GLOBL upper<>(SB), RODATA|NOPTR, $16
DATA halves<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL halves<>(SB), RODATA|NOPTR, $8

// CONSTANTS loads the tables and a zero.
#define CONSTANTS \
	VBROADCASTI128 lower<>(SB), Y13; \
	VBROADCASTI128 upper<>(SB), Y14; \
	VPBROADCASTQ halves<>(SB), Y15; \
	VPXOR Y12, Y12, Y12

// OTHERS has AX have a bit for each of 64 bytes that is no character of base64.
#define OTHERS(first, second) \
	VMOVDQU first, Y0; \
	VMOVDQU second, Y1; \
	VPSRLW $4, Y0, Y2; \
	VPSRLW $4, Y1, Y3; \
	VPSHUFB Y0, Y13, Y0; \
	VPSHUFB Y1, Y13, Y1; \
	VPAND Y15, Y2, Y2; \
	VPAND Y15, Y3, Y3; \
	VPSHUFB Y2, Y14, Y2; \
	VPSHUFB Y3, Y14, Y3; \
	VPAND Y0, Y2, Y0; \
	VPAND Y1, Y3, Y1; \
	VPCMPEQB Y12, Y0, Y0; \
	VPCMPEQB Y12, Y1, Y1; \
	VPMOVMSKB Y0, AX; \
	VPMOVMSKB Y1, BX; \
	SHLQ $32, BX; \
	ORQ BX, AX

// func othersAVX2(data *byte) uint64
TEXT ·othersAVX2(SB), NOSPLIT, $0-16
	MOVQ data+0(FP), SI
	CONSTANTS
	OTHERS((SI), 32(SI))
	VZEROUPPER
	MOVQ AX, ret+8(FP)
	RET

// func runAVX2(data *byte, n int) (at int, found bool)
TEXT ·runAVX2(SB), NOSPLIT, $0-25
	MOVQ data+0(FP), SI
	MOVQ n+8(FP), CX
	XORL R8, R8
	SUBQ $64, CX
	CONSTANTS

loop:
	CMPQ R8, CX
	JGT none
	OTHERS((SI)(R8*1), 32(SI)(R8*1))
	// A bit of AX says that there is no run of 16 from its byte on, once those of the 15 bytes behind it are in it.
	MOVQ AX, DX
	MOVQ AX, BX
	SHRQ $1, BX
	ORQ BX, AX
	MOVQ AX, BX
	SHRQ $2, BX
	ORQ BX, AX
	MOVQ AX, BX
	SHRQ $4, BX
	ORQ BX, AX
	MOVQ AX, BX
	SHRQ $8, BX
	ORQ BX, AX
	NOTQ AX
	// What is not seen whole is no run yet: the bytes from the 49th on.
	SHLQ $15, AX
	JNZ some
	// Without a run there is another byte, and the next run begins behind the last one.
	BSRQ DX, DX
	LEAQ 1(R8)(DX*1), R8
	JMP loop

some:
	BSFQ AX, AX
	LEAQ -15(R8)(AX*1), R8
	MOVB $1, found+24(FP)
	MOVQ R8, at+16(FP)
	VZEROUPPER
	RET

none:
	MOVB $0, found+24(FP)
	MOVQ R8, at+16(FP)
	VZEROUPPER
	RET
