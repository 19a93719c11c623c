#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>

#include <systemc>

#include "cosim/framework/bits.h"

namespace coffer::cosim {

/// Where a value is seen or disturbed.
enum class Level { systemc, rtl };

/// One port of a block at both levels: the signal bound to the SystemC module's port, and the member of the Verilated model.
class Port {
public:
    Port(std::string name, unsigned width) : name_(std::move(name)), width_(width) {}
    virtual ~Port() = default;

    const std::string& name() const { return name_; }
    unsigned width() const { return width_; }
    virtual Bits get(Level level) const = 0;
    virtual void set(Level level, const Bits& value) = 0;
    void set(const Bits& value) {
        set(Level::systemc, value);
        set(Level::rtl, value);
    }

private:
    std::string name_;
    unsigned width_;
};

template <class T>
struct WidthOf;
template <>
struct WidthOf<bool> : std::integral_constant<unsigned, 1> {};
template <int W>
struct WidthOf<sc_dt::sc_uint<W>> : std::integral_constant<unsigned, W> {};
template <int W>
struct WidthOf<sc_dt::sc_biguint<W>> : std::integral_constant<unsigned, W> {};

/// Bytes of the Verilated member for a port of `width` bits.
constexpr std::size_t storage_bytes(unsigned width) {
    if (width > 64) return (width + 31) / 32 * 4;
    return width > 32 ? 8 : width > 16 ? 4 : width > 8 ? 2 : 1;
}

/// `T`: the SystemC port's type, bool, sc_uint or sc_biguint. `Word`: the Verilated member's, an unsigned integer or an array of 32-bit words.
template <class T, class Word>
class TypedPort : public Port {
public:
    template <class SystemcPort>
    TypedPort(const std::string& name, SystemcPort& port, Word& word) : Port(name, WidthOf<T>::value), signal_(name.c_str()), word_(word) {
        static_assert(sizeof(Word) == storage_bytes(WidthOf<T>::value), "the port's widths differ between SystemC and RTL");
        port.bind(signal_);
    }

    Bits get(Level level) const override { return level == Level::systemc ? from_systemc() : from_rtl(); }
    void set(Level level, const Bits& value) override {
        if (level == Level::systemc)
            to_systemc(value);
        else
            to_rtl(value);
    }

private:
    static constexpr bool is_biguint = std::is_same_v<T, sc_dt::sc_biguint<WidthOf<T>::value>>;

    Bits from_systemc() const {
        if constexpr (!is_biguint) {
            return Bits(WidthOf<T>::value, static_cast<std::uint64_t>(signal_.read()));
        } else {
            Bits bits(width());
            for (unsigned word = 0; word < bits.word_count(); ++word) bits.words()[word] = word_of(signal_.read(), word);
            return bits;
        }
    }

    void to_systemc(const Bits& value) {
        if constexpr (!is_biguint) {
            signal_.write(static_cast<T>(value.to_u64()));
        } else {
            T wide;
            for (unsigned word = 0; word < value.word_count(); ++word) wide.range(top_of(word), bottom_of(word)) = value.words()[word];
            signal_.write(wide);
        }
    }

    Bits from_rtl() const {
        if constexpr (std::is_integral_v<Word>) {
            return Bits(width(), word_);
        } else {
            Bits bits(width());
            for (unsigned i = 0; i < bits.word_count(); ++i) bits.words()[i] = word_[i];
            return bits;
        }
    }

    void to_rtl(const Bits& value) {
        if constexpr (std::is_integral_v<Word>) {
            word_ = static_cast<Word>(value.to_u64());
        } else {
            for (unsigned i = 0; i < value.word_count(); ++i) word_[i] = value.words()[i];
        }
    }

    int bottom_of(unsigned word) const { return static_cast<int>(word * Bits::word_bits); }
    int top_of(unsigned word) const { return static_cast<int>(std::min(width(), (word + 1) * Bits::word_bits)) - 1; }
    std::uint32_t word_of(const T& value, unsigned word) const { return value.range(top_of(word), bottom_of(word)).to_uint(); }

    sc_core::sc_signal<T> signal_;
    Word& word_;
};

template <class T, class Word>
std::unique_ptr<Port> make_port(const std::string& name, sc_core::sc_in<T>& systemc, Word& rtl) {
    return std::make_unique<TypedPort<T, Word>>(name, systemc, rtl);
}
template <class T, class Word>
std::unique_ptr<Port> make_port(const std::string& name, sc_core::sc_out<T>& systemc, Word& rtl) {
    return std::make_unique<TypedPort<T, Word>>(name, systemc, rtl);
}

}  // namespace coffer::cosim
