#include "textflag.h"

DATA lanes<>+0(SB)/8, $0x5f5f5f5f5f5f5f5f
GLOBL lanes<>(SB), RODATA|NOPTR, $8
DATA low13<>+0(SB)/8, $0x1fff1fff1fff1fff
GLOBL low13<>(SB), RODATA|NOPTR, $8
DATA eight<>+0(SB)/8, $0x0008000800080008
GLOBL eight<>(SB), RODATA|NOPTR, $8

// PAIR looks up one pair, by its number in the 32 bytes at hand: BEFORE are the
// groups of which the pair before is a first half; the groups left when those
// are taken that have this one as the second half make a bit of DX. AFTER becomes
// the groups of which this pair is a first half.
#define PAIR(k, BEFORE, AFTER) \
	MOVWLZX (2*k)(SP), AX; \
	ANDQ 8(R8)(AX*8), BEFORE; \
	NEGQ BEFORE; \
	ADCL DX, DX; \
	MOVQ (R8)(AX*8), AFTER

// PLACES writes the numbers of the pairs of the low 8 bits of DX, the first pair being
// the highest bit, and clears DX.
#define PLACES \
	MOVBLZX DX, DX; \
	VPMOVZXBW (R10)(DX*8), X1; \
	VPADDW X13, X1, X1; \
	VMOVDQU X1, (DI)(R11*2); \
	POPCNTL DX, DX; \
	ADDQ DX, R11; \
	XORL DX, DX; \
	VPADDW X12, X13, X13

// func scanAVX2(f *filter, data *byte, blocks int, last uint64, at *uint16, spread *[256][8]uint8) (n int, first uint64)
TEXT ·scanAVX2(SB), NOSPLIT, $32-64
	MOVQ f+0(FP), R8
	MOVQ data+8(FP), SI
	MOVQ blocks+16(FP), CX
	MOVQ last+24(FP), R9
	MOVQ at+32(FP), DI
	MOVQ spread+40(FP), R10
	XORL R11, R11
	XORL DX, DX
	VPBROADCASTQ lanes<>(SB), Y15
	VPBROADCASTQ low13<>(SB), Y14
	VPXOR X13, X13, X13
	VPBROADCASTQ eight<>(SB), X12

	TESTQ CX, CX
	JZ done

loop:
	VPAND (SI), Y15, Y0
	VPSRLW $3, Y0, Y1
	VPXOR Y1, Y0, Y0
	VPAND Y14, Y0, Y0
	// Twice the hash, since an entry of the filter is 16 bytes and an address scales by 8.
	VPADDW Y0, Y0, Y0
	VMOVDQU Y0, (SP)
	PAIR(0, R9, R12)
	PAIR(1, R12, R9)
	PAIR(2, R9, R12)
	PAIR(3, R12, R9)
	PAIR(4, R9, R12)
	PAIR(5, R12, R9)
	PAIR(6, R9, R12)
	PAIR(7, R12, R9)
	PLACES
	PAIR(8, R9, R12)
	PAIR(9, R12, R9)
	PAIR(10, R9, R12)
	PAIR(11, R12, R9)
	PAIR(12, R9, R12)
	PAIR(13, R12, R9)
	PAIR(14, R9, R12)
	PAIR(15, R12, R9)
	PLACES
	ADDQ $32, SI
	DECQ CX
	JNZ loop

done:
	VZEROUPPER
	MOVQ R11, n+48(FP)
	MOVQ R9, first+56(FP)
	RET
