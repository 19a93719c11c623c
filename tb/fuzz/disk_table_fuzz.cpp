// Sealed disk tables over any bytes: a table is refused, or it is one that would be sealed to the same bytes again.
//
// The first byte of an input chooses what the rest is:
//   b  a sealed table
//   p  the plaintext of one, which is sealed first, so that mutations get past the tag
//   e  the entries alone: their number is put before them, so that mutations of any length do

#include "common/bytes.h"
#include "crypto/aes_gcm.h"
#include "fuzz_target.h"
#include "vcpu/disk_table.h"

namespace coffer::fuzz {
namespace {

constexpr Lpid lpid = 0x0001'0000'0000'0019;
constexpr std::size_t entry_bytes = 24;

/// The key that the corpus is sealed under: the example of docs/formats.md.
crypto::Key128 disk_key() {
    crypto::Key128 k_vm;
    for (std::size_t i = 0; i < k_vm.size(); ++i) k_vm.data()[i] = static_cast<std::uint8_t>(i);
    return derive_disk_key(k_vm, {1, 2, 3, 4, 5, 6, 7, 8});
}

void open(ByteView blob) {
    DiskTable table;
    Lpid sealed_with = 0;
    if (open_disk_table(blob, disk_key(), table, sealed_with) != DiskTableStatus::ok) {
        require(table.empty() && sealed_with == 0, "a refused table left something behind");
        return;
    }
    require(!table.empty() && table.size() <= max_disk_sectors, "an accepted table of no disk");
    const Bytes again = seal_disk_table(table, disk_key(), sealed_with);
    require(same(again, blob), "a byte of an accepted table is ignored");
}

Bytes sealed(const Bytes& plaintext) {
    crypto::Iv iv{};
    store_le64(iv.data(), lpid);
    const Bytes box = crypto::gcm_seal(disk_key().view(), iv, std::string_view("CVD1"), plaintext);
    Bytes blob = from_hex("4356443100000000", "header");
    store_be32(&blob[4], static_cast<std::uint32_t>(iv.size() + box.size()));
    blob.insert(blob.end(), iv.begin(), iv.end());
    blob.insert(blob.end(), box.begin(), box.end());
    return blob;
}

void open_plaintext(ByteView plaintext) { open(sealed(Bytes(plaintext.begin(), plaintext.end()))); }

void open_entries(ByteView entries) {
    const std::size_t count = entries.size / entry_bytes;
    Bytes plaintext(8);
    store_le64(plaintext.data(), count);
    plaintext.insert(plaintext.end(), entries.begin(), entries.begin() + count * entry_bytes);
    open(sealed(plaintext));
}

}  // namespace
}  // namespace coffer::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace coffer::fuzz;
    read_chosen({data, size}, {{'b', open}, {'p', open_plaintext}, {'e', open_entries}});
    return 0;
}
