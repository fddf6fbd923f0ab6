# Figures of survival analysis from R, against which helpers.models.survival is tested.
# Run: Rscript tests/reference/survival.R tests/reference/spells.csv tests/reference/survival.csv

suppressPackageStartupMessages({library(survival); library(cmprsk)})
where <- commandArgs(trailingOnly = TRUE)
spells <- read.csv(where[1])
spells$again <- as.integer(spells$number > 1)
figures <- list()
note <- function(model, quantity, term, value) {
  figures[[length(figures) + 1]] <<- data.frame(model, quantity, term = as.character(term), value = as.numeric(value))
}

# Cox models -------------------------------------------------------------------------------------------------------
control <- coxph.control(eps = 1e-12, toler.chol = 1e-14, iter.max = 50)
keep <- function(model, formula, ...) {
  fit <- do.call(coxph, list(formula, data = spells, control = control, ties = "efron", ...))
  terms <- names(coef(fit))
  note(model, "coefficient", terms, coef(fit))
  note(model, "standard error", terms, sqrt(diag(vcov(fit))))
  if (length(coef(fit)) > 1) {
    for (over in c("km", "rank", "identity")) {
      table <- cox.zph(fit, transform = over, terms = FALSE)$table
      note(model, paste("proportional hazards,", over), rownames(table), table[, "chisq"])
    }
  }
  scaled <- residuals(fit, "scaledsch")
  note(model, "sum of squares of scaled residuals", terms, colSums(scaled^2))
  note(model, "events", "", fit$nevent)
}
keep("one row", Surv(days, event) ~ age + sex + need)
keep("clusters", Surv(days, event) ~ age + sex + need, cluster = spells$child)
keep("strata and clusters", Surv(days, event) ~ age + sex + need + strata(region), cluster = spells$child)
keep("late entry", Surv(entry, days, event) ~ age + sex + need)
keep("late entry and clusters", Surv(entry, days, event) ~ age + sex + need, cluster = spells$child)
keep("Andersen-Gill", Surv(start, stop, event) ~ age + sex + need + again, cluster = spells$child)
keep("gap time", Surv(days, event) ~ age + sex + need + strata(number), cluster = spells$child)
keep("weights", Surv(days, event) ~ age + sex + need, weights = spells$weight)
keep("weights and clusters", Surv(days, event) ~ age + sex + need, weights = spells$weight, cluster = spells$child)
keep("everything", Surv(entry, days, event) ~ age + sex + need + strata(region), weights = spells$weight, cluster = spells$child)
keep("clusters of regions", Surv(start, stop, event) ~ age + need + strata(sex), cluster = spells$region)

# Curves -----------------------------------------------------------------------------------------------------------
at <- seq(0, 390, 30)
for (need in c("abuse", "disability", "family")) {
  part <- spells[spells$need == need, ]
  curve <- summary(survfit(Surv(days, event) ~ 1, part, conf.type = "log-log"), times = at, extend = FALSE)
  for (what in c("surv", "lower", "upper", "n.risk")) note(need, paste("Kaplan-Meier,", what), curve$time, curve[[what]])
  competing <- timepoints(cuminc(part$days, part$cause), curve$time)
  for (cause in 1:2) {
    note(need, paste("cumulative incidence", cause), curve$time, competing$est[cause, ])
    note(need, paste("variance of cumulative incidence", cause), curve$time, competing$var[cause, ])
  }
  states <- summary(survfit(Surv(days, factor(cause)) ~ 1, part), times = curve$time)
  for (cause in 1:2) note(need, paste("state", cause), states$time, states$pstate[, cause + 1])
  late <- summary(survfit(Surv(entry, days, event) ~ 1, part, conf.type = "log-log"), times = at[-1], extend = FALSE)
  for (what in c("surv", "lower", "upper", "n.risk")) note(need, paste("late entry, Kaplan-Meier,", what), late$time, late[[what]])
  part$id <- seq_len(nrow(part))
  states <- summary(survfit(Surv(entry, days, factor(cause)) ~ 1, part, id = id), times = late$time)
  for (cause in 1:2) note(need, paste("late entry, state", cause), states$time, states$pstate[, cause + 1])
  mean <- summary(survfit(Surv(days, event) ~ 1, part), rmean = 200)$table
  note(need, "restricted mean", "", mean["rmean"])
  note(need, "error of restricted mean", "", mean["se(rmean)"])
  periods <- survSplit(Surv(days, event) ~ 1, part, cut = c(30, 90, 180, 365), episode = "period")
  for (period in 1:4) {
    lived <- periods[periods$period == period, ]
    rate <- poisson.test(sum(lived$event), sum(lived$days - lived$tstart) / 365.25 / 100)
    note(need, "rate", period, rate$estimate)
    note(need, "low rate", period, rate$conf.int[1])
    note(need, "high rate", period, rate$conf.int[2])
  }
}

figures <- do.call(rbind, figures)
figures$value <- trimws(formatC(figures$value, digits = 14, format = "g"))
write.csv(figures, where[2], row.names = FALSE, quote = TRUE)
