#include "vcpu/trace_codec.h"

#include <fmt/format.h>

#include <limits>

#include "common/errors.h"

namespace coffer::trace_codec {

namespace {

constexpr unsigned max_size_log2 = 6;
constexpr std::uint8_t size_mask = 0x07;
constexpr std::uint8_t write_bit = 0x08;
constexpr unsigned instructions_shift = 4;
/// From this count on the rest of it follows as a number of its own.
constexpr std::uint32_t long_count = 15;
constexpr std::uint64_t last_page_number = std::numeric_limits<std::uint64_t>::max() >> 12;

/// Guesses the next address from what the last eight accesses were like: the same instructions make the same sequence of kinds, so the last
/// address seen after that sequence stands for the last address of the same instruction, although instruction addresses are not recorded.
class AddressContext {
public:
    /// The last address under the context that `kind` completes, to be read and replaced.
    std::uint64_t& last(std::uint8_t kind) {
        history_ = history_ << 8 | kind;
        return last_[(history_ * 0x9E3779B97F4A7C15u) >> (64 - index_bits)];
    }

private:
    static constexpr unsigned index_bits = 14;
    std::uint64_t history_ = 0;
    std::vector<std::uint64_t> last_ = std::vector<std::uint64_t>(std::size_t{1} << index_bits);
};

void append_number(Bytes& bytes, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<std::uint8_t>(value | 0x80));
    bytes.push_back(static_cast<std::uint8_t>(value));
}

/// Small numbers for small differences of either sign.
std::uint64_t fold_sign(std::uint64_t difference) { return difference << 1 ^ (0 - (difference >> 63)); }
std::uint64_t unfold_sign(std::uint64_t folded) { return folded >> 1 ^ (0 - (folded & 1)); }

class NumberReader {
public:
    NumberReader(ByteView bytes, std::string_view where) : next_(bytes.begin()), end_(bytes.end()), where_(where) {}

    std::uint64_t next() {
        if (next_ != end_ && *next_ < 0x80) return *next_++;
        return next_long();
    }

    void expect_end() const {
        if (next_ != end_) fail("holds bytes beyond its last entry");
    }

    [[noreturn]] void fail(std::string_view what) const { throw InputError(where_, what); }

private:
    std::uint64_t next_long() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (next_ == end_) fail("ends within an entry");
            const std::uint64_t byte = *next_++;
            if (shift == 63 && byte > 1) break;
            value |= (byte & 0x7f) << shift;
            if (byte < 0x80) return value;
        }
        fail("holds a number of more than 64 bits");
    }

    const std::uint8_t* next_;
    const std::uint8_t* end_;
    std::string_view where_;
};

std::uint8_t kind_of(const TraceAccess& access) {
    const std::uint32_t count = access.instructions < long_count ? access.instructions : long_count;
    return static_cast<std::uint8_t>(static_cast<unsigned>(__builtin_ctz(access.size)) | (access.write ? write_bit : 0u) |
                                     count << instructions_shift);
}

}  // namespace

bool is_recordable(const TraceAccess& access) {
    return access.size != 0 && (access.size & (access.size - 1)) == 0 && access.size <= 1u << max_size_log2 &&
           access.address <= std::numeric_limits<std::uint64_t>::max() - (access.size - 1u);
}

Bytes encode_accesses(const std::vector<TraceAccess>& accesses) {
    Bytes plain;
    plain.reserve(accesses.size() * 4);
    for (const TraceAccess& access : accesses) plain.push_back(kind_of(access));
    AddressContext context;
    for (const TraceAccess& access : accesses) {
        if (access.instructions >= long_count) append_number(plain, access.instructions - long_count);
        std::uint64_t& last = context.last(kind_of(access));
        append_number(plain, fold_sign(access.address - last));
        last = access.address;
    }
    return plain;
}

void decode_accesses(ByteView plain, std::size_t count, std::string_view where, std::vector<TraceAccess>& accesses) {
    if (plain.size < count) throw InputError(where, "ends within the kinds of its accesses");
    const std::uint8_t* kinds = plain.data;
    NumberReader numbers({plain.data + count, plain.size - count}, where);
    AddressContext context;
    accesses.resize(count);
    for (std::size_t i = 0; i < count; i++) {
        TraceAccess& access = accesses[i];
        const std::uint8_t kind = kinds[i];
        access.size = static_cast<std::uint8_t>(1u << (kind & size_mask));
        access.write = (kind & write_bit) != 0;
        access.instructions = kind >> instructions_shift;
        if (access.instructions == long_count) {
            const std::uint64_t rest = numbers.next();
            if (rest > std::numeric_limits<std::uint32_t>::max() - long_count) numbers.fail("holds an instruction count of more than 32 bits");
            access.instructions += static_cast<std::uint32_t>(rest);
        }
        std::uint64_t& last = context.last(kind);
        last += unfold_sign(numbers.next());
        access.address = last;
        if (!is_recordable(access)) numbers.fail(fmt::format("holds an access of {} bytes at {:#x}", access.size, access.address));
    }
    numbers.expect_end();
}

Bytes encode_pages(const std::vector<std::uint64_t>& pages) {
    Bytes plain;
    std::uint64_t next = 0;
    for (std::uint64_t page : pages) {
        append_number(plain, page - next);
        next = page + 1;
    }
    return plain;
}

std::vector<std::uint64_t> decode_pages(ByteView plain, std::size_t count, std::string_view where) {
    std::vector<std::uint64_t> pages;
    pages.reserve(count);
    NumberReader numbers(plain, where);
    std::uint64_t next = 0;
    for (std::size_t i = 0; i < count; i++) {
        const std::uint64_t skipped = numbers.next();
        if (next > last_page_number || skipped > last_page_number - next) numbers.fail("holds a page beyond the end of the address space");
        pages.push_back(next + skipped);
        next = pages.back() + 1;
    }
    numbers.expect_end();
    return pages;
}

}  // namespace coffer::trace_codec
