// Sealed vectors over any bytes: a vector is refused, or it is one that would be sealed to the same bytes again.
//
// The first byte of an input chooses what the rest is:
//   b  a sealed vector
//   p  the plaintext of one, which is sealed first, so that mutations get past the tag

#include "common/bytes.h"
#include "crypto/aes_gcm.h"
#include "fuzz_target.h"
#include "vm_table/vm_vector.h"

namespace coffer::fuzz {
namespace {

constexpr std::size_t box_at = 28;
constexpr std::size_t gcm_tag_bytes = 16;
constexpr Lpid lpid = 0x0001'0000'0000'0018;

/// The key that the corpus is sealed under.
crypto::Key256 seal_key() {
    crypto::Key256 key;
    for (std::size_t i = 0; i < key.size(); ++i) key.data()[i] = static_cast<std::uint8_t>(i);
    return key;
}

void open(ByteView blob) {
    VmVector vector;
    if (open_vector(blob, seal_key(), vector) != VectorStatus::ok) {
        require(vector == VmVector{}, "a refused vector left something behind");
        return;
    }
    require(vector.check() == VectorStatus::ok, "an accepted vector breaks a rule");
    const SealedVector again = seal_vector(vector, seal_key(), load_le64(blob.data + 16));
    require(same(again, blob), "a byte of an accepted vector is ignored");
}

Bytes sealed(ByteView plaintext) {
    Bytes blob = from_hex("43565631000000c40000030000000000", "header");
    crypto::Iv iv{};
    store_le64(iv.data(), lpid);
    const Bytes box = crypto::gcm_seal(seal_key().view(), iv, std::string_view("CVV1"), plaintext);
    blob.insert(blob.end(), iv.begin(), iv.end());
    blob.insert(blob.end(), box.begin(), box.end());
    return blob;
}

void open_plaintext(ByteView bytes) {
    // Mutations that only change the length would all end at the same check.
    Bytes plaintext(bytes.begin(), bytes.end());
    plaintext.resize(vm_vector_bytes - box_at - gcm_tag_bytes);
    open(sealed(plaintext));
}

}  // namespace
}  // namespace coffer::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace coffer::fuzz;
    read_chosen({data, size}, {{'b', open}, {'p', open_plaintext}});
    return 0;
}
