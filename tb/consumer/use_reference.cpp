// The reference level alone: how much metadata does 1 GiB of protected memory need, and what is a digest of it? No SystemC.
#include <cstdio>

#include "bmt/tree_geometry.h"
#include "crypto/sha256.h"
#include "memory/address_map.h"

int main() {
    const coffer::Address memory = coffer::Address{1} << 30;
    const coffer::AddressMap map(memory, 0, 16);
    const coffer::TreeGeometry tree(memory / coffer::page_bytes, 16);
    const coffer::Address counters = map.tag_base() - map.counter_base();
    const coffer::Address tags = map.tree_base() - map.tag_base();
    const auto digest = coffer::crypto::sha256({std::string_view("abc")});
    std::printf("counters %llu, tags %llu, tree %llu bytes; SHA-256 of abc starts with %02x%02x\n", static_cast<unsigned long long>(counters),
                static_cast<unsigned long long>(tags), static_cast<unsigned long long>(tree.bytes()), digest[0], digest[1]);
    // 64 B a page, 16 B a line, and 4^8 + 4^7 + .. + 1 nodes above the 2^18 counter blocks; FIPS 180-4 says ba7816bf...
    const bool expected = counters == memory / 64 && tags == memory / 4 && tree.bytes() == 64 * 87381ull && digest[0] == 0xba && digest[1] == 0x78;
    return expected ? 0 : 1;
}
