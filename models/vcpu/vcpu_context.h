#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/bytes.h"
#include "common/units.h"

namespace coffer {

/// The 64-bit registers of an x86-64 vCPU, in the order of the context page. The general ones have the numbers of the instruction encoding. A
/// segment is two: selector (bits 15:0), attributes (31:16) and limit (63:32) under its name, and its base; GDTR and IDTR likewise, without selector
/// and attributes.
enum class Register : std::uint8_t {
    rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15,
    rip, rflags,
    es, es_base, cs, cs_base, ss, ss_base, ds, ds_base, fs, fs_base, gs, gs_base, ldtr, ldtr_base, tr, tr_base, gdtr, gdtr_base, idtr, idtr_base,
    cr0, cr2, cr3, cr4, cr8, xcr0,
    dr0, dr1, dr2, dr3, dr6, dr7,
    efer, star, lstar, cstar, sfmask, kernel_gs_base, sysenter_cs, sysenter_esp, sysenter_eip, pat, tsc_aux,
};

inline constexpr std::size_t register_count = 61;
inline constexpr std::size_t general_register_count = 16;
/// x87, SSE and AVX state in the standard form of XSAVE: legacy region 512, header 64, upper halves of YMM 256 (Intel SDM volume 1, 13.4).
inline constexpr std::size_t extended_state_bytes = 832;

/// Lower case, as an assembler writes it.
std::string_view to_string(Register reg);
/// The register of that name, or nothing.
std::optional<Register> register_of(std::string_view name);

/// All that a vCPU must get back to go on as if nothing had happened.
struct VcpuContext {
    std::array<std::uint64_t, register_count> registers{};
    std::array<std::uint8_t, extended_state_bytes> extended{};

    std::uint64_t& operator[](Register reg) { return registers[static_cast<std::size_t>(reg)]; }
    std::uint64_t operator[](Register reg) const { return registers[static_cast<std::size_t>(reg)]; }
    bool operator==(const VcpuContext& other) const { return registers == other.registers && extended == other.extended; }
    bool operator!=(const VcpuContext& other) const { return !(*this == other); }
};

/// The part of a context page that holds the VcpuContext, behind the page's first line: registers, little-endian, then zeros to a whole line, then
/// the extended state (docs/formats.md).
inline constexpr std::size_t context_registers_bytes = align_up(8 * register_count, line_bytes);
inline constexpr std::size_t context_bytes = context_registers_bytes + extended_state_bytes;
using ContextBytes = std::array<std::uint8_t, context_bytes>;
static_assert(context_bytes % line_bytes == 0 && line_bytes + context_bytes <= page_bytes);

ContextBytes encode_context(const VcpuContext& context);
VcpuContext decode_context(const ContextBytes& bytes);

}  // namespace coffer
