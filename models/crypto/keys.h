#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "common/bytes.h"

namespace coffer::crypto {

/// Overwrites memory; the empty statement behind makes the compiler keep it. Inline, since every line's pad ends so.
inline void wipe(void* data, std::size_t size) {
    if (size == 0) return;  // data may be null then, which memset must not be given
    std::memset(data, 0, size);
    asm volatile("" : : "r"(data) : "memory");
}

/// A secret that is overwritten when it ends. Copies are secrets too.
template <std::size_t N>
class Secret {
public:
    Secret() = default;
    explicit Secret(const std::array<std::uint8_t, N>& bytes) : bytes_(bytes) {}
    Secret(const Secret&) = default;
    Secret& operator=(const Secret&) = default;
    ~Secret() { wipe(bytes_.data(), N); }

    static constexpr std::size_t size() { return N; }
    const std::uint8_t* data() const { return bytes_.data(); }
    std::uint8_t* data() { return bytes_.data(); }
    ByteView view() const { return {bytes_.data(), N}; }
    bool operator==(const Secret& other) const { return bytes_ == other.bytes_; }

private:
    std::array<std::uint8_t, N> bytes_{};
};

using Key128 = Secret<16>;
using Key256 = Secret<32>;

}  // namespace coffer::crypto
