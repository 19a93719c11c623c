#include "ghash_rtl.h"

#include <Vghash.h>

#include "clocked_model.h"
#include "crypto/aes.h"

namespace coffer {

namespace {

/// Far more than any line takes.
constexpr std::uint64_t most_cycles = 100;

}  // namespace

struct GhashRtl::Model : ClockedModel<Vghash> {
    Model() : ClockedModel("ghash") {}
};

GhashRtl::GhashRtl() : model_(std::make_unique<Model>()) { (*model_)->out_ready = 1; }

GhashRtl::~GhashRtl() = default;

void GhashRtl::install(Slot slot, const crypto::Key128& k_data) {
    if (slot >= subkeys_.size()) subkeys_.resize(slot + std::size_t{1});
    subkeys_[slot] = crypto::Key128(crypto::aes_encrypt_block(k_data.view(), Block16{}));
    if (selected_ == slot) selected_.reset();
}

void GhashRtl::revoke(Slot slot) {
    if (slot < subkeys_.size()) subkeys_[slot] = crypto::Key128();
    if (selected_ == slot) selected_.reset();
}

void GhashRtl::select(Slot slot) {
    if (selected_ == slot) return;
    Model& model = *model_;
    set_port(model->key_h, subkeys_[slot].data());
    model->key_valid = 1;
    for (bool taken = false; !taken; model.rise()) {
        model.settle();
        taken = model->key_ready != 0;
        model.check_alive(begin_, most_cycles);
    }
    model->key_valid = 0;
    selected_ = slot;
}

void GhashRtl::send(const std::uint8_t* chunk) {
    Model& model = *model_;
    set_port(model->in_data, chunk);
    model->in_valid = 1;
    for (bool taken = false; !taken; model.rise()) {
        model.settle();
        taken = model->in_ready != 0;
        model.check_alive(begin_, most_cycles);
    }
    model->in_valid = 0;
}

Block16 GhashRtl::tag(Slot slot, const Block16& additional_data, const std::uint8_t* ciphertext, const std::uint8_t* mask) {
    Model& model = *model_;
    begin_ = model.cycles();
    select(slot);
    set_port(model->in_mask, mask);
    send(additional_data.data());
    for (std::size_t offset = 0; offset < line_bytes; offset += chunk_bytes) send(ciphertext + offset);
    model.settle();
    for (; model->out_valid == 0; model.settle()) {
        model.rise();
        model.check_alive(begin_, most_cycles);
    }
    Block16 tag;
    get_port(model->out_tag, tag.data());
    model.rise();
    cycles_ = model.cycles() - begin_;
    return tag;
}

}  // namespace coffer
