#include "attack/attackers_chip.h"

#include <algorithm>

#include "aise/counter_block.h"
#include "crypto/aes_gcm.h"
#include "crypto/kdf.h"
#include "hsvm/vm_blob.h"
#include "platform/machine_chips.h"
#include "vm_table/vm_gate.h"
#include "vm_table/vm_table.h"

namespace coffer {

namespace {

/// A page's lines under the pads of its counter block, which lies behind lines and tags.
Bytes decrypt_page(const Bytes& page, const crypto::Key128& k_data) {
    Block64 counters;
    std::copy_n(page.end() - static_cast<std::ptrdiff_t>(line_bytes), line_bytes, counters.begin());
    const CounterBlock block(counters);
    const crypto::PadCipher cipher(k_data);
    constexpr std::size_t pad_bytes = 80;
    Bytes plaintext(page.begin(), page.begin() + static_cast<std::ptrdiff_t>(page_bytes));
    for (unsigned line = 0; line != lines_per_page; ++line) {
        const crypto::Iv iv = make_iv(block.lpid(), block.minor(line), line);
        std::array<std::uint8_t, pad_bytes> pad;
        cipher.generate(&iv, 1, pad.data());
        for (std::size_t i = 0; i != line_bytes; ++i) plaintext[line * line_bytes + i] ^= pad[i];
    }
    return plaintext;
}

}  // namespace

AttackersChip::AttackersChip() : key_(crypto::UnwrapKey::generate(std::string_view("attacker"))) {}

FleetAuthority AttackersChip::fleet() const { return {machine_fleet().id, crypto::SigningKey::from_der(key_.der())}; }

Bytes AttackersChip::certificate() const {
    const ChipCertificate claimed{KeyUsage::unwrap, ChipNumber(number), machine_fleet().id, key_.public_der()};
    const SignedCertificate signed_by_itself = sign_certificate(claimed, fleet().key);
    return Bytes(signed_by_itself.begin(), signed_by_itself.end());
}

std::vector<Bytes> AttackersChip::read_pages(const TravellingVm& vm, const ConfigurationRules& rules) const {
    std::vector<Bytes> pages;
    for (const auto& [gpn, page] : vm.pages) pages.push_back(page);
    const std::optional<VmBlob> blob = VmBlob::decode(vm.blob);
    crypto::Key128 k_vm;
    if (!key_.unwrap(blob ? ByteView(blob->vm_key) : ByteView(vm.vm_key), k_vm)) return pages;
    if (!rules.encrypt) return blob ? read_sealed_state(*blob, k_vm, vm) : pages;
    const crypto::Key128 k_data = VmTable::derive_keys(k_vm, machine_fleet().id).k_data;
    for (Bytes& page : pages) page = decrypt_page(page, k_data);
    return pages;
}

/// Swap images of H-SVM, by their records in the sealed state.
std::vector<Bytes> AttackersChip::read_sealed_state(const VmBlob& blob, const crypto::Key128& k_vm, const TravellingVm& vm) const {
    std::vector<Bytes> pages;
    VmVector vector;
    const crypto::Key256 seal_key = derive_seal_key(k_vm, machine_fleet().id);
    if (open_vector(blob.vector, seal_key, vector) != VectorStatus::ok) return pages;
    const std::optional<PlainVmState> state = open_state(blob.body, seal_key, vector_hash(blob.vector), vector);
    if (!state) return pages;
    const crypto::Key128 k_swap = crypto::derive_128(k_vm, "coffer swap", machine_fleet().id);
    for (const PlainVmState::Page& page : state->pages) {
        Bytes box = vm.pages.at(page.gpn);
        box.insert(box.end(), page.record.tag.begin(), page.record.tag.end());
        Block16 additional_data{};
        store_le64(additional_data.data(), page.gpn);
        Bytes plaintext;
        if (crypto::gcm_open(k_swap.view(), page.record.iv, additional_data, box, plaintext)) pages.push_back(plaintext);
    }
    return pages;
}

}  // namespace coffer
