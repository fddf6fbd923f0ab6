# Figures of mixed models from lme4, against which helpers.models.regression is tested.
# Run: Rscript tests/reference/mixed.R tests/reference/pupils.csv tests/reference/mixed.csv

suppressPackageStartupMessages(library(lme4))
where <- commandArgs(trailingOnly = TRUE)
pupils <- read.csv(where[1])
figures <- list()
note <- function(model, quantity, term, value) {
  figures[[length(figures) + 1]] <<- data.frame(model, quantity, term, value = as.numeric(value))
}

keep <- function(model, fit) {
  table <- summary(fit)$coefficients
  note(model, "coefficient", rownames(table), table[, "Estimate"])
  note(model, "standard error", rownames(table), table[, "Std. Error"])
  note(model, "standard deviation", "authority", attr(VarCorr(fit)$authority, "stddev"))
  if (isLMM(fit)) note(model, "standard deviation", "residual", sigma(fit))
  note(model, "log likelihood", "", logLik(fit))
  drawn <- ranef(fit, condVar = TRUE)$authority
  note(model, "effect", rownames(drawn), drawn[, 1])
  note(model, "standard deviation of effect", rownames(drawn), sqrt(attr(drawn, "postVar")[1, 1, ]))
}

pupils$years <- pupils$age - 10  # from ten, so that the intercept is of a child aged ten
exact <- glmerControl(optimizer = "bobyqa", optCtrl = list(maxfun = 1e5, rhoend = 1e-9))
keep("linear, REML", lmer(score ~ in_need + fsm + years + (1 | authority), pupils))
keep("linear, ML", lmer(score ~ in_need + fsm + years + (1 | authority), pupils, REML = FALSE))
logistic <- absent ~ in_need + fsm + years + (1 | authority)
keep("logistic, Laplace", glmer(logistic, pupils, family = binomial, control = exact))
keep("logistic, 25 points", glmer(logistic, pupils, family = binomial, control = exact, nAGQ = 25))

figures <- do.call(rbind, figures)
figures$value <- trimws(formatC(figures$value, digits = 12, format = "g"))
write.csv(figures, where[2], row.names = FALSE, quote = TRUE)
