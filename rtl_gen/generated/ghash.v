// Ghash<1>, generated from models/crypto/ghash_synth.h by scripts/regenerate: do not edit.
module ghash (
	clk,
	rst_n,
	key_valid,
	key_ready,
	key_h,
	in_valid,
	in_ready,
	in_data,
	in_mask,
	out_valid,
	out_ready,
	out_tag
);
	reg _sv2v_0;
	input wire clk;
	input wire rst_n;
	input wire key_valid;
	output reg key_ready;
	input wire [127:0] key_h;
	input wire in_valid;
	output reg in_ready;
	input wire [127:0] in_data;
	input wire [127:0] in_mask;
	output reg out_valid;
	input wire out_ready;
	output reg [127:0] out_tag;
	reg [1:0] steps_;
	reg makes_powers_;
	reg [2:0] transfer_;
	reg has_key_;
	reg valid_;
	reg install_;
	reg take_;
	reg complete_;
	reg [127:0] hash_;
	reg [127:0] length_term_;
	reg [127:0] sum_;
	reg [255:0] power_;
	reg [127:0] x_;
	reg [127:0] h_;
	wire [127:0] product_;
	localparam [31:0] transfers = 5;
	localparam [31:0] last_transfer = 4;
	localparam [31:0] last = 1'sb0;
	localparam [31:0] makes_square = 1'sb0;
	localparam [31:0] makes_length_term = 1;
	localparam [31:0] lengths_data_bit = 71;
	localparam [31:0] lengths_text_bit = 9;
	function automatic [31:0] sv2v_cast_32;
		input reg [31:0] inp;
		sv2v_cast_32 = inp;
	endfunction
	always @(*) begin : handshake
		reg [1:0] steps;
		reg idle;
		reg between_lines;
		reg tag_waits;
		reg completes;
		reg takes_key;
		reg takes_data;
		if (_sv2v_0)
			;
		steps = steps_;
		idle = steps == 1'd0;
		between_lines = transfer_ == 1'd0;
		tag_waits = valid_ && !out_ready;
		completes = sv2v_cast_32(transfer_) == last_transfer;
		takes_key = idle && between_lines;
		takes_data = ((idle && has_key_) && !(between_lines && key_valid)) && !(completes && tag_waits);
		key_ready = takes_key;
		in_ready = takes_data;
		out_valid = valid_;
		install_ = takes_key && key_valid;
		makes_powers_ = (!idle && !steps[makes_square]) && !steps[makes_length_term];
		take_ = takes_data && in_valid;
		complete_ = (takes_data && in_valid) && completes;
	end
	always @(*) begin : choose_factors
		reg [1:0] steps;
		reg higher;
		reg [127:0] data;
		reg [127:0] h;
		reg [127:0] lengths;
		reg [127:0] own;
		reg [127:0] x;
		reg always_higher;
		if (_sv2v_0)
			;
		steps = steps_;
		higher = makes_powers_ || (sv2v_cast_32(transfer_) == last_transfer);
		data = in_data;
		h = power_[0+:128];
		lengths = 1'sb0;
		lengths[lengths_data_bit] = 1'd1;
		lengths[lengths_text_bit] = 1'd1;
		begin : sv2v_autoblock_1
			reg [31:0] i;
			for (i = 0; i < 1; i = i + 1)
				begin
					own = data[128 * (last - i)+:128];
					x = 1'sb0;
					if (steps[makes_length_term])
						x = lengths;
					else if (steps != 1'd0)
						x = h;
					else
						x = own;
					x = x ^ hash_;
					x_[i * 128+:128] = x;
					always_higher = 1'sb0;
					if (always_higher || higher)
						h_[i * 128+:128] = power_[((last - i) + 1) * 128+:128];
					else
						h_[i * 128+:128] = power_[(last - i) * 128+:128];
				end
		end
	end
	always @(*) begin : add_products
		reg [127:0] sum;
		if (_sv2v_0)
			;
		sum = product_[0+:128];
		sum_ = sum;
	end
	reg [1:0] steps__next;
	reg [2:0] transfer__next;
	reg has_key__next;
	reg valid__next;
	task keep_state_func;
		begin
			has_key__next = has_key_;
			transfer__next = transfer_;
			valid__next = valid_;
			if (install_) begin
				steps__next = 1'd1;
				has_key__next = 1;
			end
			else
				steps__next = steps_ <<< 1;
			if (take_) begin
				if (complete_)
					transfer__next = 1'sb0;
				else
					transfer__next = transfer_ + 1'd1;
			end
			if (complete_)
				valid__next = 1;
			else if (out_ready)
				valid__next = 1'sb0;
		end
	endtask
	always @(out_ready or complete_ or transfer_ or take_ or steps_ or install_ or valid_ or has_key_ or _sv2v_0) begin : keep_state_comb
		if (_sv2v_0)
			;
		keep_state_func;
	end
	always @(posedge clk) begin : keep_state_ff
		if (~rst_n) begin
			steps_ <= 1'sb0;
			transfer_ <= 1'sb0;
			has_key_ <= 1'sb0;
			valid_ <= 1'sb0;
		end
		else begin
			steps_ <= steps__next;
			transfer_ <= transfer__next;
			has_key_ <= has_key__next;
			valid_ <= valid__next;
		end
	end
	reg [127:0] hash__next;
	reg [255:0] power__next;
	reg [127:0] length_term__next;
	reg [127:0] out_tag_next;
	task keep_data_func;
		begin
			hash__next = hash_;
			length_term__next = length_term_;
			out_tag_next = out_tag;
			power__next = power_;
			if (complete_ || install_)
				hash__next = 1'sb0;
			else if (take_)
				hash__next = sum_;
			if (install_)
				power__next[0+:128] = key_h;
			if (steps_[makes_square])
				power__next[128+:128] = product_[0+:128];
			if (steps_[makes_length_term])
				length_term__next = product_[0+:128];
			if (complete_)
				out_tag_next = (sum_ ^ length_term_) ^ in_mask;
		end
	endtask
	always @(in_mask or length_term_ or sum_ or complete_ or product_[0+:128] or steps_[makes_length_term] or steps_[makes_square] or key_h or install_ or take_ or power_ or out_tag or hash_ or _sv2v_0) begin : keep_data_comb
		if (_sv2v_0)
			;
		keep_data_func;
	end
	always @(posedge clk) begin : keep_data_ff
		hash_ <= hash__next;
		power_ <= power__next;
		length_term_ <= length_term__next;
		out_tag <= out_tag_next;
	end
	ghash_Gf128Multiplier multiplier__0(
		.x(x_[0+:128]),
		.h(h_[0+:128]),
		.product(product_[0+:128])
	);
	initial _sv2v_0 = 0;
endmodule
module ghash_Gf128Multiplier (
	x,
	h,
	product
);
	reg _sv2v_0;
	input wire [127:0] x;
	input wire [127:0] h;
	output reg [127:0] product;
	wire [254:0] polynomial_;
	always @(*) begin : reduce
		reg [254:0] all;
		reg [126:0] high;
		reg [127:0] low;
		reg [127:0] high_1_1;
		reg [127:0] high_x;
		reg [127:0] high_x2;
		reg [127:0] high_x7;
		if (_sv2v_0)
			;
		all = polynomial_;
		high = all[126:0];
		high[126] = (high[126] ^ high[5]) ^ high[0];
		begin : sv2v_autoblock_1
			reg [31:0] i;
			for (i = 0; i < 5; i = i + 1)
				high[121 + i] = high[121 + i] ^ high[i];
		end
		low = all[254:127];
		high_1_1 = 1'sb0;
		high_x = 1'sb0;
		high_x2 = 1'sb0;
		high_x7 = 1'sb0;
		high_1_1[127:1] = high;
		high_x[126:0] = high;
		high_x2[125:0] = high[126:1];
		high_x7[120:0] = high[126:6];
		product = (((low ^ high_1_1) ^ high_x) ^ high_x2) ^ high_x7;
	end
	ghash_KaratsubaMultiplier multiplier_(
		.a(x),
		.b(h),
		.product(polynomial_)
	);
	initial _sv2v_0 = 0;
endmodule
module ghash_KaratsubaMultiplier (
	a,
	b,
	product
);
	reg _sv2v_0;
	input wire [127:0] a;
	input wire [127:0] b;
	output reg [254:0] product;
	reg [63:0] a_low_;
	reg [63:0] a_high_;
	reg [63:0] a_sum_;
	reg [63:0] b_low_;
	reg [63:0] b_high_;
	reg [63:0] b_sum_;
	wire [126:0] low_product_;
	wire [126:0] high_product_;
	wire [126:0] sum_product_;
	localparam [31:0] half = 64;
	always @(*) begin : split
		reg [127:0] first;
		reg [127:0] second;
		reg [63:0] first_low;
		reg [63:0] first_high;
		reg [63:0] second_low;
		reg [63:0] second_high;
		if (_sv2v_0)
			;
		first = a;
		second = b;
		first_low = first[63:0];
		first_high = first[127:64];
		second_low = second[63:0];
		second_high = second[127:64];
		a_low_ = first_low;
		a_high_ = first_high;
		a_sum_ = first_low ^ first_high;
		b_low_ = second_low;
		b_high_ = second_high;
		b_sum_ = second_low ^ second_high;
	end
	always @(*) begin : combine
		reg [254:0] low;
		reg [254:0] high;
		reg [254:0] sum;
		reg [254:0] outer;
		if (_sv2v_0)
			;
		low = 1'sb0;
		high = 1'sb0;
		sum = 1'sb0;
		low[126:0] = low_product_;
		high[190:64] = high_product_;
		sum[126:0] = sum_product_;
		outer = low ^ high;
		sum = sum ^ outer;
		sum = sum <<< half;
		product = outer ^ sum;
	end
	ghash_KaratsubaMultiplier0 low_(
		.a(a_low_),
		.b(b_low_),
		.product(low_product_)
	);
	ghash_KaratsubaMultiplier0 high_(
		.a(a_high_),
		.b(b_high_),
		.product(high_product_)
	);
	ghash_KaratsubaMultiplier0 sum_(
		.a(a_sum_),
		.b(b_sum_),
		.product(sum_product_)
	);
	initial _sv2v_0 = 0;
endmodule
module ghash_KaratsubaMultiplier0 (
	a,
	b,
	product
);
	reg _sv2v_0;
	input wire [63:0] a;
	input wire [63:0] b;
	output reg [126:0] product;
	reg [31:0] a_low_;
	reg [31:0] a_high_;
	reg [31:0] a_sum_;
	reg [31:0] b_low_;
	reg [31:0] b_high_;
	reg [31:0] b_sum_;
	wire [62:0] low_product_;
	wire [62:0] high_product_;
	wire [62:0] sum_product_;
	localparam [31:0] half = 32;
	always @(*) begin : split
		reg [63:0] first;
		reg [63:0] second;
		reg [31:0] first_low;
		reg [31:0] first_high;
		reg [31:0] second_low;
		reg [31:0] second_high;
		if (_sv2v_0)
			;
		first = a;
		second = b;
		first_low = first[31:0];
		first_high = first[63:32];
		second_low = second[31:0];
		second_high = second[63:32];
		a_low_ = first_low;
		a_high_ = first_high;
		a_sum_ = first_low ^ first_high;
		b_low_ = second_low;
		b_high_ = second_high;
		b_sum_ = second_low ^ second_high;
	end
	always @(*) begin : combine
		reg [126:0] low;
		reg [126:0] high;
		reg [126:0] sum;
		reg [126:0] outer;
		if (_sv2v_0)
			;
		low = 1'sb0;
		high = 1'sb0;
		sum = 1'sb0;
		low[62:0] = low_product_;
		high[94:32] = high_product_;
		sum[62:0] = sum_product_;
		outer = low ^ high;
		sum = sum ^ outer;
		sum = sum <<< half;
		product = outer ^ sum;
	end
	ghash_KaratsubaMultiplier1 low_(
		.a(a_low_),
		.b(b_low_),
		.product(low_product_)
	);
	ghash_KaratsubaMultiplier1 high_(
		.a(a_high_),
		.b(b_high_),
		.product(high_product_)
	);
	ghash_KaratsubaMultiplier1 sum_(
		.a(a_sum_),
		.b(b_sum_),
		.product(sum_product_)
	);
	initial _sv2v_0 = 0;
endmodule
module ghash_KaratsubaMultiplier1 (
	a,
	b,
	product
);
	reg _sv2v_0;
	input wire [31:0] a;
	input wire [31:0] b;
	output reg [62:0] product;
	reg [15:0] a_low_;
	reg [15:0] a_high_;
	reg [15:0] a_sum_;
	reg [15:0] b_low_;
	reg [15:0] b_high_;
	reg [15:0] b_sum_;
	wire [30:0] low_product_;
	wire [30:0] high_product_;
	wire [30:0] sum_product_;
	localparam [31:0] half = 16;
	always @(*) begin : split
		reg [31:0] first;
		reg [31:0] second;
		reg [15:0] first_low;
		reg [15:0] first_high;
		reg [15:0] second_low;
		reg [15:0] second_high;
		if (_sv2v_0)
			;
		first = a;
		second = b;
		first_low = first[15:0];
		first_high = first[31:16];
		second_low = second[15:0];
		second_high = second[31:16];
		a_low_ = first_low;
		a_high_ = first_high;
		a_sum_ = first_low ^ first_high;
		b_low_ = second_low;
		b_high_ = second_high;
		b_sum_ = second_low ^ second_high;
	end
	always @(*) begin : combine
		reg [62:0] low;
		reg [62:0] high;
		reg [62:0] sum;
		reg [62:0] outer;
		if (_sv2v_0)
			;
		low = 1'sb0;
		high = 1'sb0;
		sum = 1'sb0;
		low[30:0] = low_product_;
		high[46:16] = high_product_;
		sum[30:0] = sum_product_;
		outer = low ^ high;
		sum = sum ^ outer;
		sum = sum <<< half;
		product = outer ^ sum;
	end
	ghash_KaratsubaMultiplier2 low_(
		.a(a_low_),
		.b(b_low_),
		.product(low_product_)
	);
	ghash_KaratsubaMultiplier2 high_(
		.a(a_high_),
		.b(b_high_),
		.product(high_product_)
	);
	ghash_KaratsubaMultiplier2 sum_(
		.a(a_sum_),
		.b(b_sum_),
		.product(sum_product_)
	);
	initial _sv2v_0 = 0;
endmodule
module ghash_KaratsubaMultiplier2 (
	a,
	b,
	product
);
	reg _sv2v_0;
	input wire [15:0] a;
	input wire [15:0] b;
	output reg [30:0] product;
	reg [7:0] a_low_;
	reg [7:0] a_high_;
	reg [7:0] a_sum_;
	reg [7:0] b_low_;
	reg [7:0] b_high_;
	reg [7:0] b_sum_;
	wire [14:0] low_product_;
	wire [14:0] high_product_;
	wire [14:0] sum_product_;
	localparam [31:0] half = 8;
	always @(*) begin : split
		reg [15:0] first;
		reg [15:0] second;
		reg [7:0] first_low;
		reg [7:0] first_high;
		reg [7:0] second_low;
		reg [7:0] second_high;
		if (_sv2v_0)
			;
		first = a;
		second = b;
		first_low = first[7:0];
		first_high = first[15:8];
		second_low = second[7:0];
		second_high = second[15:8];
		a_low_ = first_low;
		a_high_ = first_high;
		a_sum_ = first_low ^ first_high;
		b_low_ = second_low;
		b_high_ = second_high;
		b_sum_ = second_low ^ second_high;
	end
	always @(*) begin : combine
		reg [30:0] low;
		reg [30:0] high;
		reg [30:0] sum;
		reg [30:0] outer;
		if (_sv2v_0)
			;
		low = 1'sb0;
		high = 1'sb0;
		sum = 1'sb0;
		low[14:0] = low_product_;
		high[22:8] = high_product_;
		sum[14:0] = sum_product_;
		outer = low ^ high;
		sum = sum ^ outer;
		sum = sum <<< half;
		product = outer ^ sum;
	end
	ghash_KaratsubaMultiplier3 low_(
		.a(a_low_),
		.b(b_low_),
		.product(low_product_)
	);
	ghash_KaratsubaMultiplier3 high_(
		.a(a_high_),
		.b(b_high_),
		.product(high_product_)
	);
	ghash_KaratsubaMultiplier3 sum_(
		.a(a_sum_),
		.b(b_sum_),
		.product(sum_product_)
	);
	initial _sv2v_0 = 0;
endmodule
module ghash_KaratsubaMultiplier3 (
	a,
	b,
	product
);
	reg _sv2v_0;
	input wire [7:0] a;
	input wire [7:0] b;
	output reg [14:0] product;
	reg [3:0] a_low_;
	reg [3:0] a_high_;
	reg [3:0] a_sum_;
	reg [3:0] b_low_;
	reg [3:0] b_high_;
	reg [3:0] b_sum_;
	wire [6:0] low_product_;
	wire [6:0] high_product_;
	wire [6:0] sum_product_;
	localparam [31:0] half = 4;
	always @(*) begin : split
		reg [7:0] first;
		reg [7:0] second;
		reg [3:0] first_low;
		reg [3:0] first_high;
		reg [3:0] second_low;
		reg [3:0] second_high;
		if (_sv2v_0)
			;
		first = a;
		second = b;
		first_low = first[3:0];
		first_high = first[7:4];
		second_low = second[3:0];
		second_high = second[7:4];
		a_low_ = first_low;
		a_high_ = first_high;
		a_sum_ = first_low ^ first_high;
		b_low_ = second_low;
		b_high_ = second_high;
		b_sum_ = second_low ^ second_high;
	end
	always @(*) begin : combine
		reg [14:0] low;
		reg [14:0] high;
		reg [14:0] sum;
		reg [14:0] outer;
		if (_sv2v_0)
			;
		low = 1'sb0;
		high = 1'sb0;
		sum = 1'sb0;
		low[6:0] = low_product_;
		high[10:4] = high_product_;
		sum[6:0] = sum_product_;
		outer = low ^ high;
		sum = sum ^ outer;
		sum = sum <<< half;
		product = outer ^ sum;
	end
	ghash_TermwiseMultiplier low_(
		.a(a_low_),
		.b(b_low_),
		.product(low_product_)
	);
	ghash_TermwiseMultiplier high_(
		.a(a_high_),
		.b(b_high_),
		.product(high_product_)
	);
	ghash_TermwiseMultiplier sum_(
		.a(a_sum_),
		.b(b_sum_),
		.product(sum_product_)
	);
	initial _sv2v_0 = 0;
endmodule
module ghash_TermwiseMultiplier (
	a,
	b,
	product
);
	reg _sv2v_0;
	input wire [3:0] a;
	input wire [3:0] b;
	output reg [6:0] product;
	always @(*) begin : multiply
		reg [3:0] factor;
		reg [6:0] term;
		reg [6:0] sum;
		if (_sv2v_0)
			;
		factor = b;
		term = 1'sb0;
		term[3:0] = a;
		sum = 1'sb0;
		begin : sv2v_autoblock_1
			reg [31:0] i;
			for (i = 0; i < 4; i = i + 1)
				begin
					sum = sum ^ (factor[i] ? term : 7'd0);
					term = term <<< 1;
				end
		end
		product = sum;
	end
	initial _sv2v_0 = 0;
endmodule
