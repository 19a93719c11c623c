#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/bytes.h"

namespace coffer::crypto {

/// Overwrites memory in a way the compiler keeps.
void wipe(void* data, std::size_t size);

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
