#include "vcpu/vcpu_context.h"

#include <algorithm>

namespace coffer {

namespace {

constexpr std::array<std::string_view, register_count> names = {
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip", "rflags",
    "es", "es_base", "cs", "cs_base", "ss", "ss_base", "ds", "ds_base", "fs", "fs_base", "gs", "gs_base", "ldtr", "ldtr_base", "tr",
    "tr_base", "gdtr", "gdtr_base", "idtr", "idtr_base",
    "cr0", "cr2", "cr3", "cr4", "cr8", "xcr0", "dr0", "dr1", "dr2", "dr3", "dr6", "dr7",
    "efer", "star", "lstar", "cstar", "sfmask", "kernel_gs_base", "sysenter_cs", "sysenter_esp", "sysenter_eip", "pat", "tsc_aux",
};
static_assert(static_cast<std::size_t>(Register::tsc_aux) + 1 == register_count);

}  // namespace

std::string_view to_string(Register reg) { return names[static_cast<std::size_t>(reg)]; }

std::optional<Register> register_of(std::string_view name) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<Register>(found - names.begin());
}

ContextBytes encode_context(const VcpuContext& context) {
    ContextBytes bytes{};
    for (std::size_t i = 0; i < register_count; ++i) store_le64(&bytes[8 * i], context.registers[i]);
    std::copy(context.extended.begin(), context.extended.end(), bytes.begin() + context_registers_bytes);
    return bytes;
}

VcpuContext decode_context(const ContextBytes& bytes) {
    VcpuContext context;
    for (std::size_t i = 0; i < register_count; ++i) context.registers[i] = load_le64(&bytes[8 * i]);
    std::copy(bytes.begin() + context_registers_bytes, bytes.end(), context.extended.begin());
    return context;
}

}  // namespace coffer
