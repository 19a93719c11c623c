#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/units.h"

namespace coffer {

/// What an initiator may do with a register. Bit 0 is reading, bit 1 is writing.
enum class RegisterAccess : std::uint8_t { none = 0, ro = 1, wo = 2, rw = 3 };

constexpr bool may_read(RegisterAccess access) { return (static_cast<unsigned>(access) & 1u) != 0; }
constexpr bool may_write(RegisterAccess access) { return (static_cast<unsigned>(access) & 2u) != 0; }

/// One register of a block, as the generated register tables list it. All registers are little-endian.
struct RegisterEntry {
    std::string_view name;
    Address address = 0;                              ///< of its first byte (in instance 0), from the base of the block
    Address stride = 0;                               ///< bytes between two instances; 0: there is one only
    std::size_t bytes = 8;                            ///< a multiple of 8
    RegisterAccess software = RegisterAccess::none;   ///< of processors and devices
    RegisterAccess hardware = RegisterAccess::none;   ///< of the chip itself: Mode::chip
    std::uint64_t reset = 0;                          ///< of its first 8 bytes, the others reset to 0; 0 where a parameter decides

    constexpr Address address_of(std::uint64_t instance) const { return address + stride * instance; }
};

/// What an access to a block's registers means.
struct RegisterHit {
    std::size_t index = 0;       ///< of the register in its table
    std::uint64_t instance = 0;  ///< 0 for registers that there is one of
    std::size_t byte = 0;        ///< first byte of the register that is accessed
};

/// The register that holds all of [address, address + bytes); nothing where there is none, or the access leaves it, or is empty.
/// `instances`: how many register sets the arrays of this block have.
template <std::size_t N>
constexpr std::optional<RegisterHit> decode(const std::array<RegisterEntry, N>& table, Address address, std::size_t bytes,
                                            std::uint64_t instances) {
    for (std::size_t i = 0; i < N; ++i) {
        const RegisterEntry& entry = table[i];
        if (address < entry.address) continue;
        const Address distance = address - entry.address;
        const std::uint64_t instance = entry.stride == 0 ? 0 : distance / entry.stride;
        if (entry.stride != 0 && instance >= instances) continue;
        const std::size_t byte = distance - instance * entry.stride;
        if (byte < entry.bytes && bytes != 0 && bytes <= entry.bytes - byte) return RegisterHit{i, instance, byte};
    }
    return std::nullopt;
}

}  // namespace coffer
