#include "memory/protection_engine.h"

#include <algorithm>
#include <cstring>

namespace coffer {

namespace {

using crypto::LineGhash;

void xor_line(std::uint8_t* out, const std::uint8_t* a, const std::uint8_t* b) {
    for (std::size_t i = 0; i < line_bytes; i += 8) store_le64(out + i, load_le64(a + i) ^ load_le64(b + i));
}

/// The GCM tag of a line: its hash, xored with the pad's mask.
LineGhash::Words gcm_tag(const LineGhash& ghash, Gpn gpn, const std::uint8_t* ciphertext, const std::uint8_t* mask) {
    const LineGhash::Words hash = ghash.hash(LineGhash::Words{gpn, 0}, ciphertext);
    return {hash.low ^ load_le64(mask), hash.high ^ load_le64(mask + 8)};
}

/// Whether the first `bytes` (4, 8 or 16) of a tag are those stored.
bool tag_equals(const LineGhash::Words& tag, const std::uint8_t* stored, unsigned bytes) {
    const std::uint64_t low = tag.low ^ load_le64(stored);
    if (bytes == 16) return (low | (tag.high ^ load_le64(stored + 8))) == 0;
    return bytes == 8 ? low == 0 : static_cast<std::uint32_t>(low) == 0;
}

/// Pad, plaintext: what must not stay behind on the stack for a core dump to show.
template <class T>
struct Wiped {
    T value;
    ~Wiped() { crypto::wipe(&value, sizeof value); }
};

using Pad = std::array<std::uint8_t, pad_bytes>;

}  // namespace

ProtectionEngine::ProtectionEngine(const Scheme& scheme, const AddressMap& map, ChipNumber chip, const Ports& ports)
    : scheme_(scheme), map_(map), chip_(chip), ports_(ports) {}

void ProtectionEngine::install(Slot slot, Vmid vmid, Lpid lpid_floor, const crypto::Key128& k_data, const crypto::Key128& k_mac) {
    if (slot >= domains_.size()) domains_.resize(slot + std::size_t{1});
    domains_[slot] = std::make_unique<Domain>(vmid, lpid_floor);
    if (scheme_.data_mac != MacAlgorithm::gcm)
        domains_[slot]->mac.emplace(scheme_.data_mac, k_mac);
    else if (ports_.ghash != nullptr)
        ports_.ghash->install(slot, k_data);
    else
        domains_[slot]->ghash.emplace(k_data);
}

void ProtectionEngine::revoke(Slot slot) {
    if (slot < domains_.size()) domains_[slot].reset();
    if (ports_.ghash != nullptr) ports_.ghash->revoke(slot);
}

/// A tag that is not the reference level's GCM: another MAC's, or one by hardware.
ProtectionEngine::Tag ProtectionEngine::other_tag(const PageRef& page, const crypto::Iv& iv, const std::uint8_t* ciphertext,
                                                  const std::uint8_t* mask) const {
    Block16 additional_data{};
    store_le64(additional_data.data(), page.gpn);
    if (const auto& mac = domains_[page.slot]->mac) return mac->compute({{ciphertext, line_bytes}, iv, additional_data});
    const Block16 made = ports_.ghash->tag(page.slot, additional_data, ciphertext, mask);
    Tag tag{};
    std::copy(made.begin(), made.end(), tag.begin());
    return tag;
}

bool ProtectionEngine::tag_matches(const PageRef& page, unsigned line, const crypto::Iv& iv, const std::uint8_t* ciphertext,
                                   const std::uint8_t* mask, ByteStore& memory) const {
    if (scheme_.integrity == Integrity::none) return true;
    Tag stored;
    memory.read(map_.tag_of(page.hpa(line)), stored.data(), scheme_.tag_bytes);
    const Domain& domain = *domains_[page.slot];
    // Words in registers on the way of every read: a tag put together in memory would have to be waited for.
    if (domain.ghash) return tag_equals(gcm_tag(*domain.ghash, page.gpn, ciphertext, mask), stored.data(), scheme_.tag_bytes);
    const Tag computed = other_tag(page, iv, ciphertext, mask);
    return std::equal(stored.begin(), stored.begin() + scheme_.tag_bytes, computed.begin());
}

MaybeViolation ProtectionEngine::check_tag(const PageRef& page, unsigned line, const crypto::Iv& iv, const std::uint8_t* ciphertext,
                                           const std::uint8_t* mask) {
    if (tag_matches(page, line, iv, ciphertext, mask, ports_.memory)) return std::nullopt;
    return ports_.violations.raise({Check::data_tag, domains_[page.slot]->vmid, page.gpa(line), page.hpa(line), 0, line});
}

void ProtectionEngine::store_line(const PageRef& page, unsigned line, const crypto::Iv& iv, const std::uint8_t* plaintext, const std::uint8_t* pad) {
    std::array<std::uint8_t, line_bytes> ciphertext;
    xor_line(ciphertext.data(), plaintext, pad);
    const Address hpa = page.hpa(line);
    ports_.memory.write(hpa, ciphertext.data(), line_bytes);
    if (scheme_.integrity == Integrity::none) return;
    const Domain& domain = *domains_[page.slot];
    Tag tag;
    if (domain.ghash) {
        const LineGhash::Words words = gcm_tag(*domain.ghash, page.gpn, ciphertext.data(), pad + line_bytes);
        store_le64(tag.data(), words.low);
        store_le64(tag.data() + 8, words.high);
    } else {
        tag = other_tag(page, iv, ciphertext.data(), pad + line_bytes);
    }
    ports_.memory.write(map_.tag_of(hpa), tag.data(), scheme_.tag_bytes);
}

MaybeViolation ProtectionEngine::fresh_block(const PageRef& page, CounterBlock& block) {
    const std::optional<Lpid> lpid = ports_.lpids.next();
    if (!lpid) return ports_.violations.raise({Check::lpid_exhausted, domains_[page.slot]->vmid, page.gpa(0), page.frame, 0, page.gpn});
    block = CounterBlock::fresh(*lpid);
    return std::nullopt;
}

/// The verified counter block; an empty leaf gets one first, whatever memory holds there.
MaybeViolation ProtectionEngine::read_counters(const PageRef& page, CounterBlock& block) {
    if (auto violation = ports_.counters.read(page.slot, page.gpn, page.frame, block)) return violation;
    if (!block.empty()) return std::nullopt;
    if (auto violation = fresh_block(page, block)) return violation;
    ++statistics_.pages_created;
    return ports_.counters.write(page.slot, page.gpn, page.frame, block);
}

MaybeViolation ProtectionEngine::read_line(const PageRef& page, unsigned line, std::uint8_t* data) {
    ++statistics_.lines_read;
    CounterBlock block;
    const auto refuse = [&](const MaybeViolation& violation) {
        std::memset(data, 0, line_bytes);
        return violation;
    };
    if (auto violation = read_counters(page, block)) return refuse(violation);
    const unsigned minor = block.minor(line);
    if (minor == 0) {
        ++statistics_.unwritten_reads;
        return refuse(std::nullopt);
    }
    const crypto::Iv iv = make_iv(block.lpid(), minor, line);
    Wiped<Pad> pad;
    ports_.pads.generate(page.slot, &iv, 1, pad.value.data());
    std::array<std::uint8_t, line_bytes> ciphertext;
    ports_.memory.read(page.hpa(line), ciphertext.data(), line_bytes);
    if (auto violation = check_tag(page, line, iv, ciphertext.data(), pad.value.data() + line_bytes)) return refuse(violation);
    xor_line(data, ciphertext.data(), pad.value.data());
    return std::nullopt;
}

MaybeViolation ProtectionEngine::write_line(const PageRef& page, unsigned line, const std::uint8_t* data) {
    ++statistics_.lines_written;
    CounterBlock block;
    if (auto violation = read_counters(page, block)) return violation;
    const bool at_end = block.minor(line) == CounterBlock::last_minor;
    if (at_end || stale(*domains_[page.slot], block.lpid())) {
        if (auto violation = renew(page, block, line, data)) return violation;
        ++(at_end ? statistics_.overflows : statistics_.floor_renewals);
        return std::nullopt;
    }
    block.set_minor(line, block.minor(line) + 1);
    const crypto::Iv iv = make_iv(block.lpid(), block.minor(line), line);
    Wiped<Pad> pad;
    ports_.pads.generate(page.slot, &iv, 1, pad.value.data());
    store_line(page, line, iv, data, pad.value.data());
    return ports_.counters.write(page.slot, page.gpn, page.frame, block);
}

bool ProtectionEngine::peek_line(const PageRef& page, unsigned line, ByteStore& memory, PadPort& pads, std::uint8_t* data) {
    CounterBlock block;
    if (!ports_.counters.peek(page.slot, page.gpn, page.frame, block)) return false;
    const unsigned minor = block.minor(line);
    if (minor == 0) {
        std::memset(data, 0, line_bytes);
        return true;
    }
    const crypto::Iv iv = make_iv(block.lpid(), minor, line);
    Wiped<Pad> pad;
    pads.generate(page.slot, &iv, 1, pad.value.data());
    std::array<std::uint8_t, line_bytes> ciphertext;
    memory.read(page.hpa(line), ciphertext.data(), line_bytes);
    if (!tag_matches(page, line, iv, ciphertext.data(), pad.value.data() + line_bytes, memory)) return false;
    xor_line(data, ciphertext.data(), pad.value.data());
    return true;
}

void ProtectionEngine::decrypt_line(const PageRef& page, unsigned line, std::uint8_t* data) {
    ++statistics_.unchecked_reads;
    CounterBlock stored, known;
    ports_.memory.read(map_.counter_of(page.frame), stored.bytes().data(), stored.bytes().size());
    const CounterBlock& block = ports_.counters.peek(page.slot, page.gpn, page.frame, known) ? known : stored;
    const unsigned minor = block.minor(line);
    std::memset(data, 0, line_bytes);
    if (minor == 0) return;
    const crypto::Iv iv = make_iv(block.lpid(), minor, line);
    Wiped<Pad> pad;
    ports_.pads.generate(page.slot, &iv, 1, pad.value.data());
    std::array<std::uint8_t, line_bytes> ciphertext;
    ports_.memory.read(page.hpa(line), ciphertext.data(), line_bytes);
    xor_line(data, ciphertext.data(), pad.value.data());
}

/// Moves a page to a fresh LPID: every written line is verified before anything changes; the line being written gets its new data
/// only, since its old data under minor 1 would use one IV twice.
MaybeViolation ProtectionEngine::renew(const PageRef& page, const CounterBlock& old_block, unsigned line, const std::uint8_t* data) {
    std::array<unsigned, lines_per_page> written;
    std::array<crypto::Iv, lines_per_page> ivs;
    std::size_t count = 0;
    for (unsigned l = 0; l < lines_per_page; ++l) {
        if (old_block.minor(l) == 0) continue;
        ivs[count] = make_iv(old_block.lpid(), old_block.minor(l), l);
        written[count++] = l;
    }

    Wiped<std::array<std::uint8_t, lines_per_page * pad_bytes>> pads;
    Wiped<std::array<std::uint8_t, page_bytes>> plaintext;
    if (count != 0) ports_.pads.generate(page.slot, ivs.data(), count, pads.value.data());
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint8_t* pad = pads.value.data() + i * pad_bytes;
        std::array<std::uint8_t, line_bytes> ciphertext;
        ports_.memory.read(page.hpa(written[i]), ciphertext.data(), line_bytes);
        if (auto violation = check_tag(page, written[i], ivs[i], ciphertext.data(), pad + line_bytes)) return violation;
        xor_line(plaintext.value.data() + written[i] * line_bytes, ciphertext.data(), pad);
    }

    CounterBlock block;
    if (auto violation = fresh_block(page, block)) return violation;
    std::memcpy(plaintext.value.data() + line * line_bytes, data, line_bytes);
    if (old_block.minor(line) == 0) written[count++] = line;
    for (std::size_t i = 0; i < count; ++i) {
        block.set_minor(written[i], 1);
        ivs[i] = make_iv(block.lpid(), 1, written[i]);
    }
    ports_.pads.generate(page.slot, ivs.data(), count, pads.value.data());
    for (std::size_t i = 0; i < count; ++i)
        store_line(page, written[i], ivs[i], plaintext.value.data() + written[i] * line_bytes, pads.value.data() + i * pad_bytes);
    statistics_.reencrypted_lines += count - 1;
    return ports_.counters.write(page.slot, page.gpn, page.frame, block);
}

MaybeViolation ProtectionEngine::shred(const PageRef& page) {
    CounterBlock block;
    // A lost page, or one whose counters were tampered with, stays what it is.
    if (auto violation = ports_.counters.read(page.slot, page.gpn, page.frame, block)) return violation;
    if (auto violation = fresh_block(page, block)) return violation;
    return ports_.counters.write(page.slot, page.gpn, page.frame, block);
}

}  // namespace coffer
