#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>

#include "common/bytes.h"

namespace coffer {

/// Bytes that somebody else names, and that may be more than there are, or not theirs to name: nothing of them is read, and no memory taken for them,
/// before their reader has decided how many it wants.
class BytesSource {
public:
    /// Reads all of [offset, offset + size), which lies within the source; false where that cannot be.
    using Read = std::function<bool(std::uint64_t offset, std::uint8_t* data, std::size_t size)>;

    BytesSource(std::uint64_t size, Read read);
    /// Bytes at hand, which outlive the object.
    BytesSource(ByteView bytes);
    BytesSource(const Bytes& bytes) : BytesSource(ByteView(bytes)) {}
    template <std::size_t N>
    BytesSource(const std::array<std::uint8_t, N>& bytes) : BytesSource(ByteView(bytes)) {}

    /// How many there are, as whoever names them says.
    std::uint64_t size() const { return size_; }
    /// All of [offset, offset + size), which lies within the source; nothing where they cannot be read.
    std::optional<Bytes> take(std::uint64_t offset, std::uint64_t size) const;

private:
    std::uint64_t size_;
    Read read_;
};

}  // namespace coffer
