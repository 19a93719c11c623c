#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "common/bytes.h"
#include "common/units.h"

namespace coffer {

/// A trace holds no data: what its writes write, and what stands for all that its reads read. Both depend on the trace and a seed alone, so that two
/// platforms that play it alike write the same and must read the same. Not cryptography.
class TraceData {
public:
    explicit TraceData(std::uint64_t seed) : seed_(seed) {}

    /// The bytes that the trace's `number`th access writes.
    void fill(std::uint64_t number, Address address, std::uint8_t* data, std::size_t size) const {
        std::uint64_t state = seed_ + number * 0x9e3779b97f4a7c15 + address * 0xd1b54a32d192ed03;
        while (size >= 8) {
            store_le64(data, scramble(state++));
            data += 8;
            size -= 8;
        }
        const std::uint64_t rest = scramble(state);
        std::memcpy(data, &rest, size);
    }

    /// Folds bytes read into the digest, in eights, the last with zeros behind.
    void fold(const std::uint8_t* data, std::size_t size) {
        while (size >= 8) {
            fold(load_le64(data));
            data += 8;
            size -= 8;
        }
        if (size == 0) return;
        std::uint64_t rest = 0;
        std::memcpy(&rest, data, size);
        fold(rest);
    }

    std::uint64_t digest() const { return digest_; }

private:
    /// The finalizer of the SplitMix64 generator: every bit of the result depends on every bit given.
    static std::uint64_t scramble(std::uint64_t value) {
        value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
        value = (value ^ value >> 27) * 0x94d049bb133111eb;
        return value ^ value >> 31;
    }
    /// The order of the words matters, and so does a zero.
    void fold(std::uint64_t word) {
        digest_ = (digest_ ^ word) * 0x9fb21c651e98df25;
        digest_ ^= digest_ >> 32;
    }

    std::uint64_t seed_;
    std::uint64_t digest_ = 0x243f6a8885a308d3;
};

}  // namespace coffer
