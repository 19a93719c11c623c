#include "crypto/line_cipher.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <stdexcept>

#include <cryptopp/aes.h>
#include <cryptopp/gcm.h>

namespace coffer::crypto {

struct PadCipher::State {
    CryptoPP::AES::Encryption aes;
};

PadCipher::PadCipher(const Key128& k_data) : state_(std::make_unique<State>()) { state_->aes.SetKey(k_data.data(), k_data.size()); }
PadCipher::~PadCipher() = default;
PadCipher::PadCipher(PadCipher&&) noexcept = default;
PadCipher& PadCipher::operator=(PadCipher&&) noexcept = default;

namespace {

/// A counter block in one register: built from smaller stores, it would keep the cipher's wide loads waiting for them.
using CounterWords = std::uint32_t __attribute__((vector_size(16)));

}  // namespace

void PadCipher::generate(const Iv* ivs, std::size_t lines, std::uint8_t* pads) const {
    static constexpr std::uint32_t mask_counter = 1;
    std::uint8_t* block = pads;
    const auto append_block = [&block](CounterWords words, std::uint32_t counter) {
        words |= CounterWords{0, 0, 0, __builtin_bswap32(counter)};
        std::memcpy(block, &words, chunk_bytes);
        block += chunk_bytes;
    };
    for (std::size_t line = 0; line < lines; ++line) {
        const std::uint8_t* iv = ivs[line].data();
        const CounterWords words{load_le32(iv), load_le32(iv + 4), load_le32(iv + 8), 0};
        for (std::uint32_t chunk = 0; chunk < chunks_per_line; ++chunk) append_block(words, chunk + mask_counter + 1);
        append_block(words, mask_counter);
    }
    // In place: the caller's buffer is the only one, so no number of lines needs the heap.
    state_->aes.AdvancedProcessBlocks(pads, nullptr, pads, lines * pad_bytes, CryptoPP::BlockTransformation::BT_AllowParallel);
}

namespace {

/// The library's GCM, opened so that its GHASH can be used alone.
class OpenedGcm : public CryptoPP::GCM<CryptoPP::AES>::Encryption {
public:
    void key(ByteView key_bytes) { SetKeyWithoutResync(key_bytes.data, key_bytes.size, CryptoPP::g_nullNameValuePairs); }

    /// GHASH of whole blocks as the library keeps it: byte-reversed or not, see keeps_hash_reversed().
    const std::uint8_t* raw_hash(const std::uint8_t* blocks, std::size_t size) {
        std::memset(HashBuffer(), 0, HASH_BLOCKSIZE);
        GCM_Base::AuthenticateBlocks(blocks, size);
        return HashBuffer();
    }

    const std::uint8_t* hash_key() { return HashKey(); }
};

/// Whether the library keeps its hash buffer byte-reversed on this processor, which it does with carry-less multiplication and never says.
/// GHASH of the field's one is the hash key itself (SP 800-38D, 6.3), so that comparing the two tells.
bool keeps_hash_reversed() {
    OpenedGcm gcm;
    gcm.key(Block16{});
    alignas(16) const Block16 one{0x80};
    const std::uint8_t* hash = gcm.raw_hash(one.data(), one.size());
    const std::uint8_t* expected = gcm.hash_key();
    if (std::equal(hash, hash + chunk_bytes, expected)) return false;
    if (std::equal(hash, hash + chunk_bytes, std::make_reverse_iterator(expected + chunk_bytes))) return true;
    throw std::logic_error("the cryptographic library keeps GHASH in a form unknown to LineGhash");
}

}  // namespace

struct LineGhash::State {
    static constexpr std::size_t blocks_bytes = chunk_bytes + line_bytes + chunk_bytes;

    OpenedGcm gcm;
    bool reversed;
    /// Additional data, ciphertext, length block: contiguous, since one call to the library is what makes it fast.
    alignas(16) std::array<std::uint8_t, blocks_bytes> blocks{};
};

LineGhash::LineGhash(const Key128& k_data) : state_(std::make_unique<State>()) {
    static const bool reversed = keeps_hash_reversed();
    state_->reversed = reversed;
    state_->gcm.key(k_data.view());
    std::uint8_t* lengths = state_->blocks.data() + chunk_bytes + line_bytes;
    store_be64(lengths, 8 * chunk_bytes);
    store_be64(lengths + 8, 8 * line_bytes);
}
LineGhash::~LineGhash() = default;
LineGhash::LineGhash(LineGhash&&) noexcept = default;
LineGhash& LineGhash::operator=(LineGhash&&) noexcept = default;

LineGhash::Words LineGhash::hash(Words additional_data, const std::uint8_t* ciphertext) const {
    std::uint8_t* blocks = state_->blocks.data();
    // Lines of one page follow each other and share their additional data;
    // bytes stored right before the hash loads them in wider words would stall it.
    if (load_le64(blocks) != additional_data.low || load_le64(blocks + 8) != additional_data.high) {
        store_le64(blocks, additional_data.low);
        store_le64(blocks + 8, additional_data.high);
    }
    std::memcpy(blocks + chunk_bytes, ciphertext, line_bytes);
    const std::uint8_t* raw = state_->gcm.raw_hash(blocks, State::blocks_bytes);
    if (state_->reversed) return {load_be64(raw + 8), load_be64(raw)};
    return {load_le64(raw), load_le64(raw + 8)};
}

}  // namespace coffer::crypto
