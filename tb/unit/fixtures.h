#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "aise/lpid_allocator.h"
#include "common/byte_store.h"
#include "common/bytes.h"
#include "memory/protected_memory.h"
#include "memory/sparse_memory.h"
#include "vm_table/nonvolatile.h"

namespace coffer {

/// Memory that a test can look into, change and copy, as the adversary can.
class TestStore : public ByteStore {
public:
    TestStore() = default;
    TestStore(const TestStore& other) { *this = other; }
    TestStore& operator=(const TestStore& other) {
        if (this == &other) return *this;
        memory_ = std::make_unique<SparseMemory>();
        for (const std::uint64_t number : other.memory_->frame_numbers())
            std::copy_n(other.memory_->frame(number), page_bytes, memory_->frame(number));
        return *this;
    }

    void read(Address address, std::uint8_t* data, std::size_t size) override { memory_->read(address, data, size); }
    void write(Address address, const std::uint8_t* data, std::size_t size) override { memory_->write(address, data, size); }

    Bytes bytes(Address address, std::size_t size) {
        Bytes bytes(size);
        read(address, bytes.data(), size);
        return bytes;
    }
    Block64 block(Address address) {
        Block64 block;
        read(address, block.data(), block.size());
        return block;
    }
    std::string hex(Address address, std::size_t size) { return to_hex(bytes(address, size)); }
    void put(Address address, ByteView bytes) { write(address, bytes.data, bytes.size); }
    void flip(Address address, std::uint8_t mask) {
        const std::uint8_t flipped = bytes(address, 1)[0] ^ mask;
        write(address, &flipped, 1);
    }

private:
    std::unique_ptr<SparseMemory> memory_ = std::make_unique<SparseMemory>();
};

/// The bus between chip and memory, with someone on it. `after_read` may change what the chip gets, `before_write` may suppress what it writes.
class WatchedBus : public ByteStore {
public:
    explicit WatchedBus(TestStore& store) : store_(store) {}

    std::function<void(Address, std::uint8_t* data, std::size_t size)> after_read;
    std::function<bool(Address, const std::uint8_t* data, std::size_t size)> before_write;

    void read(Address address, std::uint8_t* data, std::size_t size) override {
        store_.read(address, data, size);
        if (after_read) after_read(address, data, size);
    }
    void write(Address address, const std::uint8_t* data, std::size_t size) override {
        if (!before_write || before_write(address, data, size)) store_.write(address, data, size);
    }

private:
    TestStore& store_;
};

inline crypto::Key128 key_of(std::string_view hex) {
    const Bytes bytes = from_hex(hex, "key");
    crypto::Key128 key;
    std::copy(bytes.begin(), bytes.end(), key.data());
    return key;
}

/// A key for each number.
inline crypto::Key128 numbered_key(std::uint64_t number) {
    crypto::Key128 key;
    store_le64(key.data(), number);
    return key;
}

inline VmInstall vm_of(Vmid vmid, std::uint64_t pages, const crypto::Key128& k_vm) {
    VmInstall vm;
    vm.vmid = vmid;
    vm.k_vm = k_vm;
    vm.pages = pages;
    return vm;
}
inline VmInstall vm_of(Vmid vmid, std::uint64_t pages) { return vm_of(vmid, pages, numbered_key(vmid)); }

/// A chip with 64 data frames and one page of its own.
inline ProtectedMemoryParameters small_memory() {
    ProtectedMemoryParameters p;
    p.data_bytes = 64 * page_bytes;
    p.chip_bytes = page_bytes;
    p.chip.fleet_id = {1, 2, 3, 4, 5, 6, 7, 8};
    return p;
}

struct Fixture {
    explicit Fixture(const ProtectedMemoryParameters& p = small_memory()) : memory(p, store, lpids) {}

    TestStore store;
    MemoryNonVolatile nonvolatile{ChipNumber(1)};
    LpidAllocator lpids{nonvolatile};
    ProtectedMemory memory;
};

}  // namespace coffer
