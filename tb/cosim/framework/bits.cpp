#include "cosim/framework/bits.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

namespace coffer::cosim {

Bits::Bits(unsigned width, std::uint64_t value) : width_(width) {
    if (width > max_width) throw std::invalid_argument(fmt::format("a port of {} bits; at most {} are supported", width, max_width));
    words_[0] = static_cast<std::uint32_t>(value);
    words_[1] = static_cast<std::uint32_t>(value >> word_bits);
    if (width < 64 && value >> width != 0) throw std::invalid_argument(fmt::format("{:#x} does not fit in {} bits", value, width));
}

Bits Bits::from_little_endian(ByteView bytes) {
    Bits bits(static_cast<unsigned>(bytes.size * 8));
    for (std::size_t i = 0; i < bytes.size; ++i) bits.words_[i / 4] |= std::uint32_t{bytes.data[i]} << i % 4 * 8;
    return bits;
}

Bits Bits::from_bytes(ByteView bytes) {
    Bytes reversed(bytes.begin(), bytes.end());
    std::reverse(reversed.begin(), reversed.end());
    return from_little_endian(reversed);
}

Bits Bits::random(unsigned width, Random& random) {
    Bits bits(width);
    for (unsigned i = 0; i < bits.word_count(); ++i) bits.words_[i] = static_cast<std::uint32_t>(random());
    if (const unsigned used = width % word_bits; used != 0) bits.words_[width / word_bits] &= (1u << used) - 1;
    return bits;
}

Bytes Bits::to_little_endian() const {
    Bytes bytes(width_ / 8);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(words_[i / 4] >> i % 4 * 8);
    return bytes;
}

Bytes Bits::to_bytes() const {
    Bytes bytes = to_little_endian();
    std::reverse(bytes.begin(), bytes.end());
    return bytes;
}

std::string Bits::hex() const {
    std::string digits;
    for (unsigned digit = (width_ + 3) / 4; digit-- > 0;) digits += fmt::format("{:x}", words_[digit / 8] >> digit % 8 * 4 & 0xf);
    return digits;
}

}  // namespace coffer::cosim
