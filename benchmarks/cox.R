# Fits the same Cox model as benchmarks/cox.py on the same rows. Prints seconds of reading and of fitting.
# Run by benchmarks/cox.py: Rscript cox.R rows.bin names.txt number_of_rows number_of_rows_for_robust_errors

suppressPackageStartupMessages(library(survival))
given <- commandArgs(trailingOnly = TRUE)
names <- readLines(given[2])
rows <- as.integer(given[3])
spent <- function(code) {
  taken <- system.time(code)
  c(taken[["elapsed"]], sum(taken[c("user.self", "sys.self")]))  # by the clock, and of the processor
}
reading <- spent({
  file <- file(given[1], "rb")  # column by column: the fastest thing that R reads
  spells <- as.data.frame(lapply(setNames(names, names), function(name) readBin(file, "numeric", rows)))
  close(file)
})
terms <- setdiff(names, c("days", "event", "child"))
formula <- as.formula(paste("Surv(days, event) ~", paste(terms, collapse = " + ")))
fitting <- spent(fit <- coxph(formula, spells, model = FALSE, x = FALSE, y = FALSE))
few <- spells[seq_len(as.integer(given[4])), ]
robust <- spent(
  clustered <- coxph(formula, few, cluster = child, model = FALSE, x = FALSE, y = FALSE)
)
taken <- rbind(reading, fitting, robust)
cat("seconds", taken[, 1], "\n")
cat("processor", taken[, 2], "\n")
cat("coefficients", formatC(coef(fit), digits = 12, format = "g"), "\n")
cat("errors", formatC(sqrt(diag(vcov(clustered))), digits = 12, format = "g"), "\n")
