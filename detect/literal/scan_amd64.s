#include "textflag.h"

DATA lanes<>+0(SB)/8, $0x5f5f5f5f5f5f5f5f
GLOBL lanes<>(SB), RODATA|NOPTR, $8
DATA low13<>+0(SB)/8, $0x1fff1fff1fff1fff
GLOBL low13<>(SB), RODATA|NOPTR, $8
DATA eight<>+0(SB)/8, $0x0008000800080008
DATA eight<>+8(SB)/8, $0x0008000800080008
GLOBL eight<>(SB), RODATA|NOPTR, $16

// ENTRIES loads the filter's entries of two pairs, whose numbers in the 32 bytes
// at hand are k and k+8, into the halves of a register: X is the lower one.
#define ENTRIES(k, X, Y) \
	MOVWLZX (2*k)(SP), AX; \
	MOVWLZX (2*k+16)(SP), BX; \
	VMOVDQU (R8)(AX*8), X; \
	VINSERTI128 $1, (R8)(BX*8), Y, Y

// WINDOWS has Y1 be ones where no group has both the first half of a pair and
// the second one of the next: of the pairs of Y0 and Y1, then of Y1 and Y2.
// It leaves Y2 as it is. Y11 is zero.
#define WINDOWS(Y0, Y1, Y2) \
	VPUNPCKLQDQ Y1, Y0, Y0; \
	VPUNPCKHQDQ Y2, Y1, Y1; \
	VPAND Y0, Y1, Y1; \
	VPCMPEQQ Y11, Y1, Y1

// PLACES writes the numbers of the pairs that AX has a bit of, from the base in X13 on,
// and adds 8 to that.
#define PLACES \
	VPMOVZXBW (R10)(AX*8), X1; \
	VPADDW X13, X1, X1; \
	VMOVDQU X1, (DI)(R11*2); \
	POPCNTL AX, AX; \
	ADDQ AX, R11; \
	VPADDW eight<>(SB), X13, X13

// func scanAVX2(f *filter, data *byte, blocks int, last uint64, at *uint16, spread *[256][8]uint8) (n int, first uint64)
TEXT ·scanAVX2(SB), NOSPLIT, $32-64
	MOVQ f+0(FP), R8
	MOVQ data+8(FP), SI
	MOVQ blocks+16(FP), CX
	VPBROADCASTQ last+24(FP), Y12
	MOVQ at+32(FP), DI
	MOVQ spread+40(FP), R10
	XORL R11, R11
	VPBROADCASTQ lanes<>(SB), Y15
	VPBROADCASTQ low13<>(SB), Y14
	VPXOR X13, X13, X13
	VPXOR Y11, Y11, Y11

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
	ENTRIES(0, X0, Y0)
	ENTRIES(1, X1, Y1)
	ENTRIES(2, X2, Y2)
	ENTRIES(3, X3, Y3)
	ENTRIES(4, X4, Y4)
	ENTRIES(5, X5, Y5)
	ENTRIES(6, X6, Y6)
	ENTRIES(7, X7, Y7)
	// The pairs before the first and the ninth: the last of the 32 bytes before, and the eighth.
	VPERM2I128 $0x21, Y7, Y12, Y8
	VMOVDQA Y7, Y12
	WINDOWS(Y8, Y0, Y1)
	WINDOWS(Y1, Y2, Y3)
	WINDOWS(Y3, Y4, Y5)
	WINDOWS(Y5, Y6, Y7)
	VPACKSSDW Y2, Y0, Y0
	VPACKSSDW Y6, Y4, Y4
	VPACKSSWB Y4, Y0, Y0
	VPACKSSWB Y0, Y0, Y0
	VPMOVMSKB Y0, DX
	NOTL DX
	MOVBLZX DX, AX
	PLACES
	SHRL $16, DX
	MOVBLZX DX, AX
	PLACES
	ADDQ $32, SI
	DECQ CX
	JNZ loop

done:
	VEXTRACTI128 $1, Y12, X0
	VMOVQ X0, first+56(FP)
	VZEROUPPER
	MOVQ R11, n+48(FP)
	RET
