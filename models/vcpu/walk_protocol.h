#pragma once

#include <array>
#include <cstdint>

#include "common/bytes.h"
#include "vcpu/translation.h"

namespace coffer {

/// The protocol of walk sockets, between whoever keeps translations and whoever owns the page tables: a read of 16 bytes. For a guest's page the
/// SecurityContext tells VMID and mode (guest or shim), and the address is the page's GPA; for the check of a machine page mode is host or device, or
/// there is no SecurityContext, and the address is the page's HPA. Bit 0 of the address asks for a write. A well-formed request is answered with
/// TLM_OK_RESPONSE, also where there is no translation; the walk's time is added to the delay.
namespace walk {

inline constexpr std::size_t answer_bytes = 16;
inline constexpr Address write_bit = 1;
using AnswerBytes = std::array<std::uint8_t, answer_bytes>;

/// What the first 8 bytes of an answer hold beside the frame's address.
inline constexpr std::uint64_t present_bit = 1, writable_bit = 2, raw_bit = 4;

constexpr Address request(Address page, bool write) { return page_base(page) | (write ? write_bit : 0); }
/// Whether an address can be a request: nothing but bit 0 lies within the page.
constexpr bool is_request(Address address) { return (address & (page_bytes - 1) & ~write_bit) == 0; }
constexpr bool is_write(Address request) { return (request & write_bit) != 0; }

/// The answer: le64 of the frame's address and bits, le64 of the TranslationFault.
inline AnswerBytes encode(const Translation& translation) {
    AnswerBytes bytes{};
    const bool present = translation.fault == TranslationFault::none;
    if (present)
        store_le64(bytes.data(),
                   page_base(translation.hpa) | present_bit | (translation.writable ? writable_bit : 0) | (translation.raw ? raw_bit : 0));
    store_le64(bytes.data() + 8, static_cast<std::uint64_t>(translation.fault));
    return bytes;
}

/// The translation of an answer; its address is the frame's. An answer that is none of the protocol's is a fault.
inline Translation decode(const std::uint8_t* bytes) {
    const std::uint64_t entry = load_le64(bytes);
    const std::uint64_t fault = load_le64(bytes + 8);
    const bool present = (entry & present_bit) != 0 && fault == 0;
    if (present) return {TranslationFault::none, page_base(entry), (entry & raw_bit) != 0, (entry & writable_bit) != 0};
    const bool known = fault != 0 && fault <= static_cast<std::uint64_t>(TranslationFault::refused);
    return {known ? static_cast<TranslationFault>(fault) : TranslationFault::not_mapped, 0, false, false};
}

}  // namespace walk

}  // namespace coffer
