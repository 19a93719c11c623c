#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace coffer {

using Bytes = std::vector<std::uint8_t>;
using Block16 = std::array<std::uint8_t, 16>;
/// The bytes of one line, counter block or tree node.
using Block64 = std::array<std::uint8_t, 64>;

/// A borrowed run of bytes.
struct ByteView {
    const std::uint8_t* data = nullptr;
    std::size_t size = 0;

    constexpr ByteView() = default;
    constexpr ByteView(const std::uint8_t* bytes, std::size_t count) : data(bytes), size(count) {}
    template <std::size_t N>
    constexpr ByteView(const std::array<std::uint8_t, N>& bytes) : data(bytes.data()), size(N) {}
    ByteView(const Bytes& bytes) : data(bytes.data()), size(bytes.size()) {}
    ByteView(std::string_view text) : data(reinterpret_cast<const std::uint8_t*>(text.data())), size(text.size()) {}

    const std::uint8_t* begin() const { return data; }
    const std::uint8_t* end() const { return data + size; }
};

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the loads and stores below assume a little-endian host");

inline std::uint64_t load_le64(const std::uint8_t* p) {
    std::uint64_t v;
    std::memcpy(&v, p, sizeof v);
    return v;
}
inline std::uint32_t load_le32(const std::uint8_t* p) {
    std::uint32_t v;
    std::memcpy(&v, p, sizeof v);
    return v;
}
inline std::uint16_t load_le16(const std::uint8_t* p) {
    std::uint16_t v;
    std::memcpy(&v, p, sizeof v);
    return v;
}
inline std::uint32_t load_be32(const std::uint8_t* p) { return __builtin_bswap32(load_le32(p)); }
inline std::uint64_t load_be64(const std::uint8_t* p) { return __builtin_bswap64(load_le64(p)); }
inline void store_le64(std::uint8_t* p, std::uint64_t v) { std::memcpy(p, &v, sizeof v); }
inline void store_le32(std::uint8_t* p, std::uint32_t v) { std::memcpy(p, &v, sizeof v); }
inline void store_le16(std::uint8_t* p, std::uint16_t v) { std::memcpy(p, &v, sizeof v); }
inline void store_be32(std::uint8_t* p, std::uint32_t v) { store_le32(p, __builtin_bswap32(v)); }
inline void store_be64(std::uint8_t* p, std::uint64_t v) { store_le64(p, __builtin_bswap64(v)); }

/// std::memcpy for the data path, where nearly all copies are lines and tags: a size that the compiler knows spares the call, and told what to expect
/// it does not choose a string instruction, which takes longer than the copy.
inline void copy_bytes(std::uint8_t* to, const std::uint8_t* from, std::size_t size) {
    if (__builtin_expect(size == 64, 1))
        std::memcpy(to, from, 64);
    else if (__builtin_expect(size == 16, 1))
        std::memcpy(to, from, 16);
    else
        std::memcpy(to, from, size);
}

inline bool all_zero(ByteView bytes) {
    for (std::uint8_t b : bytes)
        if (b != 0) return false;
    return true;
}

/// Lower-case hexadecimal digits, bytes in order.
std::string to_hex(ByteView bytes);
/// Bytes from hexadecimal digits; throws InputError unless `text` is an even number of them. `where` names the place for the message.
Bytes from_hex(std::string_view text, std::string_view where);

}  // namespace coffer
