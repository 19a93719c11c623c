// Bounce buffers: what goes between a guest and its host, whatever lengths and offsets the host gives.

#include "vcpu/bounce_buffer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <functional>
#include <string>

#include <fmt/format.h>

#include "common/errors.h"
#include "unit/shim_io_bench.h"

namespace coffer {
namespace {

constexpr std::uint64_t telling[] = {0, 1, 63, 64, 100, 4095, 4096, 4097, 3 * page_bytes, 4 * page_bytes - 1, 4 * page_bytes, 4 * page_bytes + 1,
                                     IoBench::window.base, IoBench::guest_bytes, 0x7fff'ffff'ffff'ffff, 0x8000'0000'0000'0000,
                                     ~std::uint64_t{0} - IoBench::window.base + 1, ~std::uint64_t{0} - 4095, ~std::uint64_t{0} - 63,
                                     ~std::uint64_t{0}};

TEST(ShimBounce, CopiesOutAndIn) {
    IoBench bench;
    std::mt19937_64 random(6);
    const Bytes packet = random_bytes(1500, random);
    bench.put_guest(0x1234, packet);
    EXPECT_EQ(bench.bounce.send(0x1234, packet.size(), 77), IoStatus::ok);
    EXPECT_EQ(Bytes(bench.host.bytes().begin() + 77, bench.host.bytes().begin() + 77 + 1500), packet);
    EXPECT_EQ(bench.bounce.receive(0x8001, 2000, {77, 1500}), IoStatus::ok);
    EXPECT_EQ(bench.guest(0x8001, 1500), packet);
    EXPECT_EQ(bench.guest(0x8000, 1), Bytes(1));
    EXPECT_EQ(bench.guest(0x8001 + 1500, 500), Bytes(500));
    EXPECT_EQ(bench.bounce.statistics().bytes_out, 1500u);
    EXPECT_EQ(bench.bounce.statistics().bytes_in, 1500u);
    EXPECT_EQ(bench.bounce.statistics().refused, 0u);
}

RC_GTEST_PROP(ShimBounceProperty, AnyTransferWithinBoundsChangesExactlyItsBytes, (std::uint64_t seed)) {
    std::mt19937_64 random(seed);
    IoBench bench;
    bench.put_guest(0, random_bytes(16 * page_bytes, random));
    bench.host.bytes() = random_bytes(IoBench::window.bytes, random);
    const std::uint64_t length = random() % (2 * page_bytes);
    const Address guest = random() % (16 * page_bytes - length + 1);
    const std::uint64_t offset = random() % (IoBench::window.bytes - length + 1);
    Bytes memory = bench.all_of_guest();
    Bytes host = bench.host.bytes();
    const auto in_guest = memory.begin() + static_cast<std::ptrdiff_t>(guest);
    const auto in_host = host.begin() + static_cast<std::ptrdiff_t>(offset);
    if (random() % 2 == 0) {
        RC_ASSERT(bench.bounce.send(guest, length, offset) == IoStatus::ok);
        std::copy_n(in_guest, length, in_host);
    } else {
        RC_ASSERT(bench.bounce.receive(guest, length + random() % (16 * page_bytes - guest - length + 1), {offset, length}) == IoStatus::ok);
        std::copy_n(in_host, length, in_guest);
    }
    RC_ASSERT(bench.all_of_guest() == memory);
    RC_ASSERT(bench.host.bytes() == host);
}

using Receive = std::function<IoStatus(IoBench&, Address guest, std::uint64_t capacity, const HostReply& reply)>;

/// Gives every telling offset and length, and looks for bytes of the guest outside its buffer that changed, host bytes outside the window that were
/// read, and bytes that were read twice.
std::string first_escape(const Receive& receive) {
    constexpr Address guest = 0x2010;
    constexpr std::uint64_t capacity = 5000;
    for (const std::uint64_t offset : telling)
        for (const std::uint64_t length : telling) {
            IoBench bench;
            bench.host.bytes().assign(IoBench::window.bytes, 0x5a);
            const IoStatus status = receive(bench, guest, capacity, {offset, length});
            const bool good = length <= capacity && offset <= IoBench::window.bytes && length <= IoBench::window.bytes - offset;
            const std::string what = fmt::format("{:#x} bytes at {:#x}", length, offset);
            if ((status == IoStatus::ok) != good) return what + ": " + std::string(to_string(status));
            std::size_t read = 0;
            for (const HostPages::Use& use : bench.host.loads) {
                if (!IoBench::window.contains(use.gpa, use.size)) return what + ": outside the window";
                read += use.size;
            }
            if (read > length || (!good && read != 0)) return what + ": read more than once, or too much";
            Bytes expected(IoBench::guest_bytes);
            if (good) std::fill_n(expected.begin() + guest, length, 0x5a);
            if (bench.all_of_guest() != expected) return what + ": other bytes of the guest";
        }
    return {};
}

TEST(ShimBounce, HostileRepliesNeverReachBeyondBufferAndWindow) {
    EXPECT_EQ(first_escape([](IoBench& bench, Address guest, std::uint64_t capacity, const HostReply& reply) {
                  return bench.bounce.receive(guest, capacity, reply);
              }),
              "");
}

TEST(ShimBouncePlanted, MissingChecksAreFoundOut) {
    // A sum that wraps, in place of a comparison that cannot.
    EXPECT_NE(first_escape([](IoBench& bench, Address guest, std::uint64_t capacity, const HostReply& reply) {
                  if (reply.length > capacity) return IoStatus::bad_length;
                  if (reply.offset + reply.length > IoBench::window.bytes) return IoStatus::bad_offset;
                  Bytes data(reply.length);
                  if (!bench.host.load(IoBench::window.base + reply.offset, data.data(), data.size())) return IoStatus::not_mapped;
                  return bench.bounce.write_buffer(guest, data);
              }),
              "");
    // The guest's buffer is not asked.
    EXPECT_NE(first_escape([](IoBench& bench, Address guest, std::uint64_t, const HostReply& reply) {
                  return bench.bounce.receive(guest, reply.length, reply);
              }),
              "");
    // The window is read to look at it, and again to copy it.
    EXPECT_NE(first_escape([](IoBench& bench, Address guest, std::uint64_t capacity, const HostReply& reply) {
                  Bytes header(std::min<std::uint64_t>(reply.length, 14));
                  if (reply.length <= capacity) bench.bounce.load(reply.offset, header);
                  return bench.bounce.receive(guest, capacity, reply);
              }),
              "");
}

TEST(ShimBounce, BuffersOutsideTheGuestsOwnMemoryAreRefused) {
    IoBench bench;
    const struct {
        Address guest;
        std::uint64_t length;
    } bad[] = {{IoBench::guest_bytes - 10, 11},
               {IoBench::guest_bytes + 1, 0},
               {~std::uint64_t{0}, 2},
               {IoBench::shim.base - 1, 2},
               {IoBench::shim.base, 1},
               {IoBench::shim.base + IoBench::shim.bytes - 1, 1},
               {IoBench::shim.base - 5, IoBench::shim.bytes + 10},
               {IoBench::window.base - 1, 2},
               {IoBench::window.base + IoBench::window.bytes - 1, 100}};
    for (const auto& [guest, length] : bad) {
        EXPECT_EQ(bench.bounce.send(guest, length, 0), IoStatus::bad_buffer) << guest;
        EXPECT_EQ(bench.bounce.receive(guest, length, {0, 0}), IoStatus::bad_buffer) << guest;
    }
    for (const auto& [guest, length] : {HostReply{IoBench::shim.base - 1, 1}, HostReply{IoBench::shim.base + IoBench::shim.bytes, 1},
                                        HostReply{IoBench::guest_bytes, 0}, HostReply{IoBench::guest_bytes - 1, 1}})
        EXPECT_EQ(bench.bounce.send(guest, length, 0), IoStatus::ok) << guest;
    EXPECT_EQ(bench.host.loads.size(), 0u);
    EXPECT_EQ(bench.bounce.statistics().refused, 2 * std::size(bad));
}

TEST(ShimBounce, TheGuestsOwnOffsetsAreBoundedToo) {
    IoBench bench;
    for (const std::uint64_t offset : telling) {
        const bool good = offset <= IoBench::window.bytes - 100;
        EXPECT_EQ(bench.bounce.send(0, 100, offset), good ? IoStatus::ok : IoStatus::bad_offset) << offset;
    }
    for (const HostPages::Use& use : bench.host.stores) EXPECT_TRUE(IoBench::window.contains(use.gpa, use.size));
}

TEST(ShimBounce, DamagedMemoryAndMissingPagesHaveTheirStatus) {
    IoBench bench;
    bench.memory.before = [](Address gpa, bool) {
        return gpa == 0x1000 ? MemoryAnswer::violated : gpa == 0x2000 ? MemoryAnswer::not_mapped : MemoryAnswer::ok;
    };
    EXPECT_EQ(bench.bounce.send(0xff0, 100, 0), IoStatus::violated);
    EXPECT_EQ(bench.bounce.send(0x1ff0, 100, 0), IoStatus::not_mapped);
    EXPECT_EQ(bench.host.stores.size(), 0u);
    EXPECT_EQ(bench.bounce.receive(0xff0, 100, {0, 100}), IoStatus::violated);
    EXPECT_EQ(bench.bounce.receive(0x1ff0, 100, {0, 100}), IoStatus::not_mapped);
    bench.host.mapped = false;
    EXPECT_EQ(bench.bounce.send(0, 100, 0), IoStatus::not_mapped);
    EXPECT_EQ(bench.bounce.receive(0, 100, {0, 100}), IoStatus::not_mapped);
}

TEST(ShimBounce, LayoutsThatCannotBeAreRefused) {
    IoBench bench;
    const auto make = [&](const BounceLayout& layout) { return BounceBuffer(layout, bench.memory, bench.host); };
    BounceLayout layout = IoBench::layout;
    layout.window.base = IoBench::shim.base + page_bytes;
    EXPECT_THROW(make(layout), InputError);
    layout = IoBench::layout;
    layout.window.bytes = IoBench::guest_bytes;
    EXPECT_THROW(make(layout), InputError);
    layout = IoBench::layout;
    layout.window.base += line_bytes;
    EXPECT_THROW(make(layout), InputError);
    layout = IoBench::layout;
    layout.shim.base = ~std::uint64_t{0} - 4095;
    EXPECT_THROW(make(layout), InputError);
    EXPECT_NO_THROW(make(IoBench::layout));
}

}  // namespace
}  // namespace coffer
