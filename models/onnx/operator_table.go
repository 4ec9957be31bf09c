package onnx

import "math"

// domains is the table of operators: what is not in it is refused by name.
// To add an operator, write a function that takes a *call, reads its inputs
// and attributes, makes its outputs and emits a kernel, and list it here.
var domains map[string]map[string]operator

func init() { // not an initializer: operators refer to the table through compileNode
	domains = map[string]map[string]operator{"": standardOperators, "ai.onnx.ml": mlOperators}
}

var mlOperators = map[string]operator{
	"ArrayFeatureExtractor":  {1, arrayFeatureExtractor},
	"Binarizer":              {1, binarizer},
	"CategoryMapper":         {1, categoryMapper},
	"FeatureVectorizer":      {1, featureVectorizer},
	"Imputer":                {1, imputer},
	"LabelEncoder":           {1, labelEncoder},
	"LinearClassifier":       {1, linearClassifier},
	"LinearRegressor":        {1, linearRegressor},
	"Normalizer":             {1, normalizer},
	"OneHotEncoder":          {1, oneHotEncoder},
	"Scaler":                 {1, scaler},
	"TreeEnsemble":           {5, treeEnsemble},
	"TreeEnsembleClassifier": {1, treeEnsembleClassifier},
	"TreeEnsembleRegressor":  {1, treeEnsembleRegressor},
	"ZipMap":                 {1, zipMap},
}

var standardOperators = map[string]operator{
	// arithmetic
	"Add":  {7, arithmeticOperator(opAdd)},
	"Sub":  {7, arithmeticOperator(opSub)},
	"Mul":  {7, arithmeticOperator(opMul)},
	"Div":  {7, arithmeticOperator(opDiv)},
	"Mod":  {10, arithmeticOperator(opMod)},
	"Pow":  {7, pow},
	"Sum":  {1, variadic(opAdd, false)},
	"Mean": {1, variadic(opAdd, true)},
	"Min":  {1, variadic(opMin, false)},
	"Max":  {1, variadic(opMax, false)},

	// comparisons and logic
	"Equal":          {7, comparisonOperator(isEqual)},
	"Less":           {7, comparisonOperator(isLess)},
	"LessOrEqual":    {12, comparisonOperator(isLessOrEqual)},
	"Greater":        {7, comparisonOperator(isGreater)},
	"GreaterOrEqual": {12, comparisonOperator(isGreaterOrEqual)},
	"And":            {7, logicalOperator(func(a, b bool) bool { return a && b })},
	"Or":             {7, logicalOperator(func(a, b bool) bool { return a || b })},
	"Xor":            {7, logicalOperator(func(a, b bool) bool { return a != b })},
	"Not":            {1, not},
	"Where":          {9, where},
	"IsNaN":          {9, isNaNOperator},
	"IsInf":          {10, isInfOperator},

	// functions of one element
	"Abs":             {6, numberOperator(math.Abs, absInt)},
	"Neg":             {6, numberOperator(func(x float64) float64 { return -x }, func(x int64) int64 { return -x })},
	"Sign":            {9, numberOperator(sign, signInt)},
	"Ceil":            {6, floatOperator(1, math.Ceil)},
	"Floor":           {6, floatOperator(1, math.Floor)},
	"Round":           {11, floatOperator(1, math.RoundToEven)},
	"Reciprocal":      {6, floatOperator(1, func(x float64) float64 { return 1 / x })},
	"Sqrt":            {6, floatOperator(2, math.Sqrt)},
	"Exp":             {6, floatOperator(20, math.Exp)},
	"Log":             {6, floatOperator(20, math.Log)},
	"Erf":             {9, floatOperator(20, math.Erf)},
	"Tanh":            {6, floatOperator(20, math.Tanh)},
	"Sigmoid":         {6, floatOperator(20, sigmoid)},
	"Softplus":        {1, floatOperator(40, softplus)},
	"Softsign":        {1, floatOperator(2, func(x float64) float64 { return x / (1 + math.Abs(x)) })},
	"Relu":            {6, relu},
	"Gelu":            {20, gelu},
	"Clip":            {6, clip},
	"PRelu":           {7, prelu},
	"LeakyRelu":       {6, alphaOperator(0.01, 0, leakyRelu)},
	"Elu":             {6, alphaOperator(1, 0, elu)},
	"ThresholdedRelu": {10, alphaOperator(1, 0, thresholdedRelu)},
	"HardSigmoid":     {6, alphaOperator(0.2, 0.5, func(x, a, b float64) float64 { return max(0, min(1, a*x+b)) })},
	"Selu":            {6, seluOperator},
	"Cast":            {6, cast},
	"CastLike":        {15, castLike},

	// shapes and movement
	"Identity":        {1, identity},
	"Dropout":         {7, dropout},
	"Reshape":         {5, reshape},
	"Flatten":         {1, flatten},
	"Squeeze":         {1, squeeze},
	"Unsqueeze":       {1, unsqueeze},
	"Shape":           {1, shapeOf},
	"Size":            {1, sizeOf},
	"Constant":        {1, constant},
	"ConstantOfShape": {9, constantOfShape},
	"Transpose":       {1, transpose},
	"Slice":           {1, slice},
	"Split":           {2, split},
	"Concat":          {4, concat},
	"Expand":          {8, expand},
	"Tile":            {6, tile},
	"Gather":          {1, gather},
	"GatherElements":  {11, gatherElements},
	"OneHot":          {9, oneHotOperator},

	// along axes
	"CumSum":             {11, cumSum},
	"ArgMax":             {1, argOperator(true)},
	"ArgMin":             {1, argOperator(false)},
	"ReduceSum":          {1, reduceOperator(reduceSum)},
	"ReduceMean":         {1, reduceOperator(reduceMean)},
	"ReduceProd":         {1, reduceOperator(reduceProd)},
	"ReduceMax":          {1, reduceOperator(reduceMax)},
	"ReduceMin":          {1, reduceOperator(reduceMin)},
	"ReduceL1":           {1, reduceOperator(reduceL1)},
	"ReduceL2":           {1, reduceOperator(reduceL2)},
	"ReduceSumSquare":    {1, reduceOperator(reduceSumSquare)},
	"ReduceLogSum":       {1, reduceOperator(reduceLogSum)},
	"ReduceLogSumExp":    {1, reduceLogSumExp},
	"Softmax":            {1, softmaxOperator(plainSoftmax)},
	"LogSoftmax":         {1, softmaxOperator(logSoftmax)},
	"Hardmax":            {1, softmaxOperator(hardmax)},
	"LayerNormalization": {17, layerNormalization},
	"BatchNormalization": {7, batchNormalization},
	"MatMul":             {1, matMul},
	"Gemm":               {7, gemm},
}
