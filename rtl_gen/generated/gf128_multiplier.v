// Gf128Multiplier<>, generated from models/crypto/gf128_multiplier_synth.h by scripts/regenerate: do not edit.
module gf128_multiplier (
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
	gf128_multiplier_KaratsubaMultiplier multiplier_(
		.a(x),
		.b(h),
		.product(polynomial_)
	);
	initial _sv2v_0 = 0;
endmodule
module gf128_multiplier_KaratsubaMultiplier (
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
	gf128_multiplier_KaratsubaMultiplier0 low_(
		.a(a_low_),
		.b(b_low_),
		.product(low_product_)
	);
	gf128_multiplier_KaratsubaMultiplier0 high_(
		.a(a_high_),
		.b(b_high_),
		.product(high_product_)
	);
	gf128_multiplier_KaratsubaMultiplier0 sum_(
		.a(a_sum_),
		.b(b_sum_),
		.product(sum_product_)
	);
	initial _sv2v_0 = 0;
endmodule
module gf128_multiplier_KaratsubaMultiplier0 (
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
	gf128_multiplier_KaratsubaMultiplier1 low_(
		.a(a_low_),
		.b(b_low_),
		.product(low_product_)
	);
	gf128_multiplier_KaratsubaMultiplier1 high_(
		.a(a_high_),
		.b(b_high_),
		.product(high_product_)
	);
	gf128_multiplier_KaratsubaMultiplier1 sum_(
		.a(a_sum_),
		.b(b_sum_),
		.product(sum_product_)
	);
	initial _sv2v_0 = 0;
endmodule
module gf128_multiplier_KaratsubaMultiplier1 (
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
	gf128_multiplier_KaratsubaMultiplier2 low_(
		.a(a_low_),
		.b(b_low_),
		.product(low_product_)
	);
	gf128_multiplier_KaratsubaMultiplier2 high_(
		.a(a_high_),
		.b(b_high_),
		.product(high_product_)
	);
	gf128_multiplier_KaratsubaMultiplier2 sum_(
		.a(a_sum_),
		.b(b_sum_),
		.product(sum_product_)
	);
	initial _sv2v_0 = 0;
endmodule
module gf128_multiplier_KaratsubaMultiplier2 (
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
	gf128_multiplier_KaratsubaMultiplier3 low_(
		.a(a_low_),
		.b(b_low_),
		.product(low_product_)
	);
	gf128_multiplier_KaratsubaMultiplier3 high_(
		.a(a_high_),
		.b(b_high_),
		.product(high_product_)
	);
	gf128_multiplier_KaratsubaMultiplier3 sum_(
		.a(a_sum_),
		.b(b_sum_),
		.product(sum_product_)
	);
	initial _sv2v_0 = 0;
endmodule
module gf128_multiplier_KaratsubaMultiplier3 (
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
	gf128_multiplier_TermwiseMultiplier low_(
		.a(a_low_),
		.b(b_low_),
		.product(low_product_)
	);
	gf128_multiplier_TermwiseMultiplier high_(
		.a(a_high_),
		.b(b_high_),
		.product(high_product_)
	);
	gf128_multiplier_TermwiseMultiplier sum_(
		.a(a_sum_),
		.b(b_sum_),
		.product(sum_product_)
	);
	initial _sv2v_0 = 0;
endmodule
module gf128_multiplier_TermwiseMultiplier (
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
