// Montgomery products modulo the primes of P-256 and P-384 for x86-64 with BMI2 and ADX:
// MULX leaves the flags alone, ADCX and ADOX carry in two chains that do not wait for each
// other (Intel, "New instructions supporting large integer arithmetic", 2012). The same
// numbers as Modular::product gives, which is what the tests compare them with.
#pragma once

#include "crypto/fast_limbs.h"

#if SALLYPORT_FAST_ADX
namespace sallyport::fast {

bool processor_has_adx() noexcept;

// A limb of a times rdx, added to two neighbours of the window: low half by ADCX, high half by ADOX.
#define SP_LIMB(at, LOW, HIGH) \
  "mulx " #at                  \
  "(%[a]), %%rax, %%rcx\n\t"   \
  "adcx %%rax, %%" LOW "\n\tadox %%rcx, %%" HIGH "\n\t"

// One row, b[at] times all of a, onto the window W0 … W4; W5 takes both chains' carries.
#define SP_ROW_256(at, W0, W1, W2, W3, W4, W5)                                             \
  "mov " #at                                                                               \
  "(%[b]), %%rdx\n\t"                                                                      \
  "xor %%" W5 "d, %%" W5 "d\n\t" SP_LIMB(0, W0, W1) SP_LIMB(8, W1, W2) SP_LIMB(16, W2, W3) \
      SP_LIMB(24, W3, W4) "adcx %%" W5 ", %%" W4 "\n\tadox %%" W5 ", %%" W5 "\n\tadc $0, %%" W5 "\n\t"

// Adds W0 * p, which clears W0 because p = -1 mod 2^64; p + 1 = 2^96 + 2^192 (2^64 - 2^32 + 1).
#define SP_REDUCE_P256(W0, W1, W2, W3, W4, W5)                        \
  "mov %%" W0 ", %%rdx\n\tmov %%" W0                                  \
  ", %%rax\n\tshl $32, %%rax\n\t"                                     \
  "mulx %[p3], %%rcx, %%rbx\n\tshr $32, %%" W0                        \
  "\n\t"                                                              \
  "add %%rax, %%" W1 "\n\tadc %%" W0 ", %%" W2 "\n\tadc %%rcx, %%" W3 \
  "\n\t"                                                              \
  "adc %%rbx, %%" W4 "\n\tadc $0, %%" W5 "\n\t"

// In memory: without optimization there is no register left for it.
inline constexpr Limb kHighLimbOfP256 = 0xffffffff00000001;

SP_INLINE void adx_product_p256(Limb* out, const Limb* a, const Limb* b) noexcept {
  __asm__ volatile(
      // The first row has nothing to be added to.
      "mov 0(%[b]), %%rdx\n\t"
      "mulx 0(%[a]), %%r8, %%r9\n\t"
      "mulx 8(%[a]), %%rax, %%r10\n\t"
      "add %%rax, %%r9\n\t"
      "mulx 16(%[a]), %%rax, %%r11\n\t"
      "adc %%rax, %%r10\n\t"
      "mulx 24(%[a]), %%rax, %%r12\n\t"
      "adc %%rax, %%r11\n\t"
      "adc $0, %%r12\n\t"
      "mov $0, %%r13d\n\t" SP_REDUCE_P256("r8", "r9", "r10", "r11", "r12", "r13") SP_ROW_256(
          8, "r9", "r10", "r11", "r12", "r13", "r8") SP_REDUCE_P256("r9", "r10", "r11", "r12", "r13", "r8")
          SP_ROW_256(16, "r10", "r11", "r12", "r13", "r8", "r9") SP_REDUCE_P256("r10", "r11", "r12", "r13", "r8", "r9")
              SP_ROW_256(24, "r11", "r12", "r13", "r8", "r9", "r10")
                  SP_REDUCE_P256("r11", "r12", "r13", "r8", "r9", "r10")
      // r12 r13 r8 r9, r10 on top, less p; taken back where that goes below zero.
      "mov %%r12, %%rax\n\tmov %%r13, %%rcx\n\tmov %%r8, %%rdx\n\tmov %%r9, %%rbx\n\t"
      "mov $0xffffffff, %%r11d\n\t"
      "sub $-1, %%rax\n\tsbb %%r11, %%rcx\n\tsbb $0, %%rdx\n\tsbb %[p3], %%rbx\n\tsbb $0, %%r10\n\t"
      "cmovc %%r12, %%rax\n\tcmovc %%r13, %%rcx\n\tcmovc %%r8, %%rdx\n\tcmovc %%r9, %%rbx\n\t"
      "mov %%rax, 0(%[out])\n\tmov %%rcx, 8(%[out])\n\tmov %%rdx, 16(%[out])\n\tmov %%rbx, 24(%[out])\n\t"
      :
      : [out] "r"(out), [a] "r"(a), [b] "r"(b), [p3] "m"(kHighLimbOfP256)
      : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "cc", "memory");
}

#undef SP_ROW_256
#undef SP_REDUCE_P256
#undef SP_LIMB

}  // namespace sallyport::fast
#endif
