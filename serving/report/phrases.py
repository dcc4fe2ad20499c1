"""What the report says, in English and Spanish."""

from collections.abc import Mapping

from serving import words
from serving.words import Language

PHRASES: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "title": "Your customers: what changed, who may leave, what to do",
        "lead": "“This period” is the {days} days from {start:%Y-%m-%d} to {last:%Y-%m-%d}; "
        "“before” is as long a time before it. Leaving means: {churn}, judged over {horizon_days} "
        "days. Amounts in {currency}.",
        "scores_as_of": "Who is at risk, and what it costs: by the scores of {cutoff:%Y-%m-%d}.",
        "how_to_read": "Beside every figure stands where it lies with 95 % confidence (low … high) "
        "and n, how many customers or cases it rests on.",
        "board": "For the board",
        "detail": "In detail",
        "contents": "Contents",
        "q_changed": "What changed?",
        "q_risk": "Who is at risk?",
        "q_costs": "What does it cost?",
        "q_do": "What do we do?",
        "q_trust": "Can we trust it?",
        "rose": "{title} rose from {before} to {now}",
        "fell": "{title} fell from {before} to {now}",
        "better": "better",
        "worse": "worse",
        "why_moved": "{mix} from a different mix of customers, {rate} from the same ones doing "
        "otherwise.",
        "goes_with": "Goes with {money} of spend in {days} days ({interval}).",
        "still": "None of the {count} measures moved beyond chance since the period before.",
        "nearest": "Nearest to it, but what so many measures show by chance alone:",
        "more_moves": "{count} more moved beyond chance: see below.",
        "leaving": "of {customers} customers are expected to leave in {days} days",
        "core": "customers carry half of the loss expected: {risk} risk and {value} ({interval}) "
        "of value on average",
        "main_reason": "The costliest reason: {driver} ({customers} customers, {loss} expected to "
        "be lost).",
        "loss": "of value expected to be lost in {days} days, {share} of all there is (interval: "
        "luck alone, the risks taken to be right)",
        "moment": "Costliest touchpoint: {touchpoint}. Who met us there left {points} points more "
        "often than customers alike; {money} of spend goes with it.",
        "silent_board": "{customers} customers with a risk of {min_risk} or more have not said a "
        "word in {days} days; {loss} expected to be lost with them.",
        "contacts": "customers to contact in campaign {campaign} ({state}); {control} left alone "
        "as control",
        "promise": "expected beyond a cost of {spent}; at least {low} if offers do as little as "
        "one time in ten",
        "next_euro": "One {currency} more would bring {next_euro} beyond itself.",
        "no_campaign": "No list of whom to contact has been made yet.",
        "make_list": "Make one: querencia flag",
        "delivered": "{kept} of {count} campaigns that can be judged brought what was promised.",
        "none_judged": "No campaign can be judged yet: {closes}",
        "closes": "the first is known on {day:%Y-%m-%d}.",
        "not_sent": "none was sent.",
        "grade_A": "Grade A: it ranks customers and earns more than the best simple formula, both "
        "beyond doubt.",
        "grade_B": "Grade B: it ranks customers better than the best simple formula, beyond doubt; "
        "that it earns more is not sure.",
        "grade_C": "Grade C: it is not beyond doubt better than the best simple formula.",
        "auc": "of pairs of one who left and one who stayed are put in the right order",
        "calibrated": "It told {told} of {customers} later customers would leave; {left} did.",
        "off": "Where it told a tenth of the customers a risk, {within} of {tenths} times that was "
        "within what may be chance.",
        "no_scores": "No scores yet: who is at risk is not known. Train and score: querencia "
        "train, querencia score",
        "health_ok": "The records have no errors.",
        "health_bad": "The records: errors {errors}, warnings {warnings}. See data health.",
        "indicators": "Indicators",
        "indicators_lead": "Every indicator this period and before. Bold: moved beyond chance, of "
        "all looked at (at most 5 % of those told so have not). Mix: other customers ({by}); rate: "
        "the same ones, otherwise.",
        "caution": "“A point goes with”: spend in the {days} days after, per customer, at equal "
        "spend before. It goes with, it does not cause: who is content may spend more for other "
        "reasons. Of churn: the spend of a customer who buys. Under a target, the money is for the "
        "{customers} customers at the period's start.",
        "indicator": "indicator",
        "now": "this period",
        "before": "before",
        "difference": "difference",
        "mix": "mix",
        "rate": "rate",
        "target": "target",
        "to_target": "{gap} to go",
        "reached": "reached",
        "point": "a point goes with",
        "by_segment": "by segment",
        "by_stage": "by stage",
        "definitions": "Definitions, by version",
        "definition": "definition",
        "version": "version",
        "history": "{title}, the last periods",
        "history_alt": "{title} over {count} periods of {days} days: {values}.",
        "history_note": "Line: value; band: 95 % interval; dashed: target.",
        "topics": "Tickets by topic",
        "topic": "topic",
        "ratio": "now per before",
        "changed": "changed beyond chance",
        "yes": "yes",
        "no": "no",
        "life": "Stages",
        "life_lead": "Buyers bought on one day, customers on more, frequent ones regularly, fans "
        "are frequent and recommend. Value: expected discounted margin, as of {cutoff:%Y-%m-%d}.",
        "stage": "stage",
        "count_now": "now",
        "count_before": "at the start",
        "risk": "risk",
        "value_each": "value of one",
        "loss_expected": "expected loss",
        "moved": "Where they went",
        "moved_lead": "Of the customers in each stage on {start:%Y-%m-%d}, the share in each on "
        "{last:%Y-%m-%d}.",
        "from_to": "from ↓ to →",
        "steps": "The next stage",
        "steps_lead": "Of those who entered a stage since {start:%Y-%m-%d}.",
        "step": "step",
        "chance": "chance in {days} days",
        "median_days": "days until half have",
        "not_half": "not yet half",
        "journey": "Journey",
        "journey_lead": "Where customers met us from {start:%Y-%m-%d} to {last:%Y-%m-%d}, phase by "
        "channel: how often, and how content they were after it (0 to 100). ★ moment of truth: "
        "whether they buy again differs beyond chance from customers who bought as often and as "
        "recently.",
        "phase": "phase",
        "channel": "channel",
        "unknown": "unknown",
        "times": "{count} times",
        "satisfaction": "content",
        "effort": "effort",
        "drop_off": "never met again",
        "churn_more": "left more often, points",
        "spend_more": "of one {spend}",
        "money_with": "money that goes with it",
        "customers": "customers",
        "moments": "Moments of truth, by money",
        "moments_lead": "Met before {middle:%Y-%m-%d}; what followed is judged in the {days} days "
        "after. A comparison of customers alike in their purchases, and in nothing else. Money: of "
        "those who bought again or did not; under it the spend of one, against those alike.",
        "no_moments": "At no touchpoint does what follows differ beyond chance.",
        "other_touchpoints": "All other touchpoints",
        "voice": "Voice",
        "voice_lead": "{count} comments from {start:%Y-%m-%d} to {last:%Y-%m-%d}, by what they are "
        "most about. How much is made of a theme, and how much it matters: who wrote of it, "
        "against who wrote of others, in the {days} days after.",
        "theme": "theme",
        "stated": "share of comments",
        "theme_churn": "left more often, points",
        "theme_spend": "spend of one",
        "detractors": "detractors' comments",
        "of_before": "{now} against {before} before",
        "themes_alt": "How much more often customers left after a comment on each theme; the "
        "figures are in the table below.",
        "quotes": "In promoters' words",
        "quotes_lead": "They allowed to be quoted.",
        "silent": "Silent and at risk",
        "silent_lead": "No contact, no ticket and no answer in {days} days, and a risk of "
        "{min_risk} or more: ask them before they leave without a word.",
        "asked": "What they say matters, and what they do",
        "asked_lead": "Said: rank correlation with {said}. Done: how much more often, of two who "
        "bought alike, the one who stayed had answered better.",
        "said": "said",
        "done": "done",
        "too_few": "too few",
        "campaign": "The list",
        "campaign_lead": "Campaign {campaign} ({state}): {contacts} customers to contact, {asked} "
        "of them to be asked; {control} left alone by chance as control. A cost of {spent} is "
        "expected to bring {profit} beyond it, at least {low} if offers do as little as one time "
        "in ten.",
        "draft": "draft",
        "sent": "sent on {day:%Y-%m-%d}",
        "curve": "What a budget brings",
        "curve_alt": "Profit by budget, from {first} of profit at a budget of {first_budget} to "
        "{profit} at {budget}; the list spends {spent}.",
        "curve_note": "Dashed: what this list costs. Control included.",
        "budget": "budget, {currency}",
        "profit": "profit, {currency}",
        "top": "The first {shown} of {count}",
        "ids_masked": "Ids are masked: # is the row in the campaign's list.csv, in the list of "
        "silent customers the rank.",
        "who": "customer",
        "value": "value",
        "at_stake": "at stake",
        "cost": "cost",
        "brings": "expected profit",
        "at_least": "at least {low}",
        "leaves": "leaves for good: {share}",
        "why": "why",
        "next_purchase": "next purchase",
        "never": "not within 2 years",
        "past": "Campaigns: promised and realised",
        "past_lead": "Realised: the loss that did not come, against control, less the cost.",
        "past_alt": "Promised against realised: {values}.",
        "past_note": "Bar: promised; point and line: realised, 95 %.",
        "campaign_id": "campaign",
        "sent_on": "sent",
        "touchpoint": "touchpoint",
        "contacted": "contacted",
        "control": "control",
        "promised": "promised",
        "realised": "realised",
        "verdict": "verdict",
        "known_on": "known on {day:%Y-%m-%d}",
        "nobody": "nobody in the records",
        "who_risk": "Whom to keep",
        "who_risk_lead": "As of {cutoff:%Y-%m-%d}. The fewest customers with whom half of the "
        "expected loss lies. Their intervals are those of value; a risk is calibrated (see model).",
        "drivers": "By what raises the risk most",
        "drivers_lead": "What goes along with the risk, compared with customers who bought as "
        "often. Intervals are those of luck alone: the risks are taken to be right.",
        "driver": "driver",
        "driver_silence": "long silence",
        "driver_fading": "buying less than before",
        "driver_habit": "no firm habit of buying",
        "driver_spend": "spending little",
        "driver_newness": "length of the relationship",
        "driver_returns": "sending much back",
        "driver_breadth": "buying from few categories or channels",
        "driver_discounts": "buying at a discount",
        "driver_promises": "late or slow deliveries",
        "driver_satisfaction": "unfavourable answers, or none",
        "driver_effort": "many tickets, contacts or much waiting",
        "driver_loyalty": "recommending little",
        "driver_offers": "had offers and stayed away",
        "driver_season": "time of the year",
        "driver_none": "nothing in particular",
        "spares_silence": "bought recently, for their rhythm",
        "spares_fading": "buying as much as before, or more",
        "spares_habit": "a firm habit of buying",
        "spares_spend": "spending much",
        "spares_newness": "length of the relationship",
        "spares_returns": "sending little back",
        "spares_breadth": "buying from many categories or channels",
        "spares_discounts": "buying at full price",
        "spares_promises": "deliveries on time",
        "spares_satisfaction": "favourable answers",
        "spares_effort": "few tickets, contacts and little waiting",
        "spares_loyalty": "recommending others",
        "spares_offers": "had offers and came back, or needed none",
        "spares_season": "time of the year",
        "share_of_loss": "of the loss",
        "trust": "The model",
        "trust_lead": "Version {version}, registered on {made_at:%Y-%m-%d}; trained as of "
        "{cutoff:%Y-%m-%d} and judged on {customers} customers of a later period, whose outcomes "
        "no model knew.",
        "calibration": "Is the risk true?",
        "calibration_alt": "Risk told and share that left, by tenth of the customers: {values}.",
        "calibration_note": "Each point a tenth of the customers, with its 95 % interval. On the "
        "dashed line the risk told is what came.",
        "risk_told": "risk told",
        "left": "share that left",
        "tenth": "tenth",
        "measures": "Beside simple formulas",
        "model": "model",
        "amounts": "Purchases and spend",
        "purchases": "purchase days",
        "spend": "spend, {currency}",
        "adds": "What each kind of record adds",
        "adds_lead": "AUC (ranking) and profit gained by knowing it beside purchases; purchases "
        "beside recency, frequency and money.",
        "family": "kind",
        "adds_auc": "ranking (AUC)",
        "adds_profit": "profit a customer",
        "beyond_doubt": "beyond doubt",
        "to_know": "To know",
        "staying": "How long a model lasts",
        "staying_lead": "Models of before, asked about the customers of later cut-offs, beside "
        "those trained anew: {cutoffs} cut-offs, asked on {day:%Y-%m-%d}.",
        "staying_alt": "How much worse models are by their age in days, in log loss: {values}.",
        "staying_note": "Above 0 the older model is surprised more by what came; lines are 95 % "
        "intervals.",
        "staying_none": "Not known yet: the last step of a run, or “querencia evaluate”, asks "
        "models of before about later customers, and recommends how often to train.",
        "age_days": "age, days",
        "models": "models",
        "loss_more": "log loss more",
        "profit_more": "campaign profit a customer, more",
        "worse_sure": "worse beyond doubt",
        "health": "Data health",
        "health_lead": "What the records hold, and what speaks against trusting them.",
        "table": "table",
        "records": "records",
        "first": "from",
        "last": "to",
        "no_findings": "Nothing speaks against the records.",
        "aside": "Not in this report, as the records don't carry it: {sections}.",
        "footer": "Made on {made_at:%Y-%m-%d %H:%M} UTC. This page asks nothing of the network. "
        "Keep it where the records are kept.",
        "written": "Written: {path}",
    },
    "es": {
        "title": "Sus clientes: qué cambió, quién puede irse, qué hacer",
        "lead": "«Este periodo» son los {days} días del {start:%Y-%m-%d} al {last:%Y-%m-%d}; "
        "«antes», otros tantos anteriores. Irse significa: {churn}, juzgado en {horizon_days} "
        "días. Importes en {currency}.",
        "scores_as_of": "Quién está en riesgo, y lo que cuesta: según las puntuaciones del "
        "{cutoff:%Y-%m-%d}.",
        "how_to_read": "Junto a cada cifra está entre qué valores se halla con un 95 % de "
        "confianza (menor … mayor) y n, en cuántos clientes o casos se apoya.",
        "board": "Para la dirección",
        "detail": "En detalle",
        "contents": "Contenido",
        "q_changed": "¿Qué ha cambiado?",
        "q_risk": "¿Quién está en riesgo?",
        "q_costs": "¿Cuánto cuesta?",
        "q_do": "¿Qué hacemos?",
        "q_trust": "¿Es de fiar?",
        "rose": "{title} subió de {before} a {now}",
        "fell": "{title} bajó de {before} a {now}",
        "better": "mejor",
        "worse": "peor",
        "why_moved": "{mix} por otra mezcla de clientes, {rate} porque los mismos hacen otra cosa.",
        "goes_with": "Va con {money} de gasto en {days} días ({interval}).",
        "still": "Ninguna de las {count} medidas se movió más allá del azar desde el periodo "
        "anterior.",
        "nearest": "Lo más cercano, aunque entre tantas medidas puede ser azar:",
        "more_moves": "Otras {count} se movieron más allá del azar: véase abajo.",
        "leaving": "de {customers} clientes se irán, se espera, en {days} días",
        "core": "clientes llevan la mitad de la pérdida esperada: {risk} de riesgo y {value} "
        "({interval}) de valor de media",
        "main_reason": "La razón que más cuesta: {driver} ({customers} clientes, {loss} de pérdida "
        "esperada).",
        "loss": "de valor se perderá, se espera, en {days} días, el {share} de todo el que hay "
        "(intervalo: el del azar solo, con los riesgos por ciertos)",
        "moment": "El punto de contacto que más cuesta: {touchpoint}. Quien pasó por él se fue "
        "{points} puntos más a menudo que clientes parecidos; con ello van {money} de gasto.",
        "silent_board": "{customers} clientes con un riesgo de {min_risk} o más no han dicho "
        "nada en {days} días; con ellos se espera perder {loss}.",
        "contacts": "clientes que contactar en la campaña {campaign} ({state}); {control} se dejan "
        "en paz como control",
        "promise": "esperados más allá de un coste de {spent}; al menos {low} si las ofertas "
        "logran tan poco como una de cada diez veces",
        "next_euro": "Un {currency} más traería {next_euro} sobre sí mismo.",
        "no_campaign": "Aún no se ha hecho ninguna lista de a quién contactar.",
        "make_list": "Haga una: querencia flag",
        "delivered": "{kept} de {count} campañas que se pueden juzgar dieron lo prometido.",
        "none_judged": "Aún no se puede juzgar ninguna campaña: {closes}",
        "closes": "la primera se sabrá el {day:%Y-%m-%d}.",
        "not_sent": "no se ha enviado ninguna.",
        "grade_A": "Nota A: ordena a los clientes y gana más que la mejor fórmula sencilla, ambas "
        "cosas sin duda.",
        "grade_B": "Nota B: ordena a los clientes mejor que la mejor fórmula sencilla, sin duda; "
        "que gane más no es seguro.",
        "grade_C": "Nota C: no es sin duda mejor que la mejor fórmula sencilla.",
        "auc": "de las parejas de uno que se fue y uno que se quedó quedan en el orden correcto",
        "calibrated": "Dijo que se iría el {told} de {customers} clientes posteriores; se fue el "
        "{left}.",
        "off": "Del riesgo que dijo a cada décimo de los clientes, {within} de {tenths} veces "
        "estuvo dentro de lo que puede ser azar.",
        "no_scores": "Aún no hay puntuaciones: no se sabe quién está en riesgo. Entrene y puntúe: "
        "querencia train, querencia score",
        "health_ok": "Los registros no tienen errores.",
        "health_bad": "Los registros: errores {errors}, avisos {warnings}. Véase la salud de los "
        "datos.",
        "indicators": "Indicadores",
        "indicators_lead": "Cada indicador en este periodo y antes. En negrita: se movió más allá "
        "del azar, de todos los mirados (como mucho un 5 % de los así señalados no lo hizo). "
        "Mezcla: otros clientes ({by}); tasa: los mismos, de otra manera.",
        "caution": "«Un punto va con»: gasto en los {days} días siguientes, por cliente, a igual "
        "gasto anterior. Va con ello, no lo causa: quien está contento puede gastar más por otras "
        "razones. Del abandono: el gasto de un cliente que compra. Bajo un objetivo, el dinero "
        "es el de los {customers} clientes al comienzo del periodo.",
        "indicator": "indicador",
        "now": "este periodo",
        "before": "antes",
        "difference": "diferencia",
        "mix": "mezcla",
        "rate": "tasa",
        "target": "objetivo",
        "to_target": "faltan {gap}",
        "reached": "logrado",
        "point": "un punto va con",
        "by_segment": "por segmento",
        "by_stage": "por etapa",
        "definitions": "Definiciones, por versión",
        "definition": "definición",
        "version": "versión",
        "history": "{title}, los últimos periodos",
        "history_alt": "{title} en {count} periodos de {days} días: {values}.",
        "history_note": "Línea: valor; banda: intervalo del 95 %; a trazos: objetivo.",
        "topics": "Incidencias por tema",
        "topic": "tema",
        "ratio": "ahora por antes",
        "changed": "cambió más allá del azar",
        "yes": "sí",
        "no": "no",
        "life": "Etapas",
        "life_lead": "Los compradores compraron un día, los clientes más, los frecuentes con "
        "regularidad, los fans son frecuentes y recomiendan. Valor: margen esperado y descontado, "
        "a {cutoff:%Y-%m-%d}.",
        "stage": "etapa",
        "count_now": "ahora",
        "count_before": "al comienzo",
        "risk": "riesgo",
        "value_each": "valor de uno",
        "loss_expected": "pérdida esperada",
        "moved": "Adónde fueron",
        "moved_lead": "De los clientes en cada etapa el {start:%Y-%m-%d}, la parte en cada una el "
        "{last:%Y-%m-%d}.",
        "from_to": "de ↓ a →",
        "steps": "La etapa siguiente",
        "steps_lead": "De quienes entraron en una etapa desde el {start:%Y-%m-%d}.",
        "step": "paso",
        "chance": "probabilidad en {days} días",
        "median_days": "días hasta la mitad",
        "not_half": "aún no la mitad",
        "journey": "Recorrido",
        "journey_lead": "Dónde nos encontraron los clientes del {start:%Y-%m-%d} al "
        "{last:%Y-%m-%d}, fase por canal: cuántas veces, y lo contentos que quedaron (de 0 a 100). "
        "★ momento de la verdad: si vuelven a comprar difiere más allá del azar de clientes que "
        "compraron tanto y tan recientemente.",
        "phase": "fase",
        "channel": "canal",
        "unknown": "desconocido",
        "times": "{count} veces",
        "satisfaction": "contento",
        "effort": "esfuerzo",
        "drop_off": "no se le vio más",
        "churn_more": "se fue más, puntos",
        "spend_more": "de uno {spend}",
        "money_with": "dinero que va con ello",
        "customers": "clientes",
        "moments": "Momentos de la verdad, por dinero",
        "moments_lead": "Encontrados antes del {middle:%Y-%m-%d}; lo que siguió se juzga en los "
        "{days} días siguientes. Se comparan clientes parecidos en sus compras, y en nada más. "
        "Dinero: de quienes volvieron a comprar o no; debajo, el gasto de uno, frente a los "
        "parecidos.",
        "no_moments": "En ningún punto de contacto lo que sigue difiere más allá del azar.",
        "other_touchpoints": "Todos los demás puntos de contacto",
        "voice": "Voz",
        "voice_lead": "{count} comentarios del {start:%Y-%m-%d} al {last:%Y-%m-%d}, por aquello de "
        "que más tratan. Cuánto se habla de un tema, y cuánto importa: quien escribió de él, "
        "frente a quien escribió de otros, en los {days} días siguientes.",
        "theme": "tema",
        "stated": "parte de los comentarios",
        "theme_churn": "se fue más, puntos",
        "theme_spend": "gasto de uno",
        "detractors": "comentarios de detractores",
        "of_before": "{now} frente a {before} antes",
        "themes_alt": "Cuánto más se fueron los clientes tras un comentario de cada tema; las "
        "cifras están en la tabla de abajo.",
        "quotes": "En palabras de promotores",
        "quotes_lead": "Permitieron que se les cite.",
        "silent": "Callados y en riesgo",
        "silent_lead": "Ni contacto, ni incidencia, ni respuesta en {days} días, y un riesgo de "
        "{min_risk} o más: pregúnteles antes de que se vayan sin decir nada.",
        "asked": "Lo que dicen que importa, y lo que hacen",
        "asked_lead": "Dicho: correlación de rangos con {said}. Hecho: cuánto más a menudo, de dos "
        "que compraron igual, había contestado mejor el que se quedó.",
        "said": "dicho",
        "done": "hecho",
        "too_few": "muy pocos",
        "campaign": "La lista",
        "campaign_lead": "Campaña {campaign} ({state}): {contacts} clientes que contactar, a "
        "{asked} de ellos para preguntar; {control} se dejan en paz por azar como control. De un "
        "coste de {spent} se esperan {profit} más allá de él, al menos {low} si las ofertas logran "
        "tan poco como una de cada diez veces.",
        "draft": "borrador",
        "sent": "enviada el {day:%Y-%m-%d}",
        "curve": "Lo que trae un presupuesto",
        "curve_alt": "Ganancia por presupuesto, de {first} de ganancia con {first_budget} a "
        "{profit} con {budget}; la lista gasta {spent}.",
        "curve_note": "A trazos: lo que cuesta esta lista. Con el control.",
        "budget": "presupuesto, {currency}",
        "profit": "ganancia, {currency}",
        "top": "Los primeros {shown} de {count}",
        "ids_masked": "Los identificadores están ocultos: # es la fila de list.csv de la campaña; "
        "entre los callados, el puesto.",
        "who": "cliente",
        "value": "valor",
        "at_stake": "en juego",
        "cost": "coste",
        "brings": "ganancia esperada",
        "at_least": "al menos {low}",
        "leaves": "se va del todo: {share}",
        "why": "por qué",
        "next_purchase": "próxima compra",
        "never": "no en 2 años",
        "past": "Campañas: lo prometido y lo logrado",
        "past_lead": "Logrado: la pérdida que no llegó, frente al control, menos el coste.",
        "past_alt": "Lo prometido frente a lo logrado: {values}.",
        "past_note": "Barra: prometido; punto y línea: logrado, 95 %.",
        "campaign_id": "campaña",
        "sent_on": "enviada",
        "touchpoint": "punto de contacto",
        "contacted": "contactados",
        "control": "control",
        "promised": "prometido",
        "realised": "logrado",
        "verdict": "veredicto",
        "known_on": "se sabrá el {day:%Y-%m-%d}",
        "nobody": "nadie en los registros",
        "who_risk": "A quién conservar",
        "who_risk_lead": "A {cutoff:%Y-%m-%d}. Los menos clientes con los que está la mitad de la "
        "pérdida esperada. Sus intervalos son los del valor; el riesgo está calibrado (véase el "
        "modelo).",
        "drivers": "Por lo que más sube el riesgo",
        "drivers_lead": "Lo que va con el riesgo, frente a clientes que compraron tanto. Los "
        "intervalos son los del azar solo: los riesgos se dan por ciertos.",
        "driver": "motivo",
        "driver_silence": "largo silencio",
        "driver_fading": "compra menos que antes",
        "driver_habit": "sin costumbre firme de comprar",
        "driver_spend": "gasta poco",
        "driver_newness": "duración de la relación",
        "driver_returns": "devuelve mucho",
        "driver_breadth": "compra en pocas categorías o canales",
        "driver_discounts": "compra con descuento",
        "driver_promises": "entregas tardías o lentas",
        "driver_satisfaction": "respuestas poco favorables, o ninguna",
        "driver_effort": "muchas incidencias, contactos o esperas",
        "driver_loyalty": "recomienda poco",
        "driver_offers": "tuvo ofertas y no volvió",
        "driver_season": "época del año",
        "driver_none": "nada en particular",
        "spares_silence": "compró hace poco, para su ritmo",
        "spares_fading": "compra como antes, o más",
        "spares_habit": "costumbre firme de comprar",
        "spares_spend": "gasta mucho",
        "spares_newness": "duración de la relación",
        "spares_returns": "devuelve poco",
        "spares_breadth": "compra en muchas categorías o canales",
        "spares_discounts": "compra a precio completo",
        "spares_promises": "entregas a tiempo",
        "spares_satisfaction": "respuestas favorables",
        "spares_effort": "pocas incidencias, contactos y esperas",
        "spares_loyalty": "recomienda a otros",
        "spares_offers": "tuvo ofertas y volvió, o no le hicieron falta",
        "spares_season": "época del año",
        "share_of_loss": "de la pérdida",
        "trust": "El modelo",
        "trust_lead": "Versión {version}, registrada el {made_at:%Y-%m-%d}; entrenada a "
        "{cutoff:%Y-%m-%d} y juzgada con {customers} clientes de un periodo posterior, cuyo "
        "desenlace no conocía ningún modelo.",
        "calibration": "¿Es cierto el riesgo?",
        "calibration_alt": "Riesgo dicho y parte que se fue, por décimo de los clientes: {values}.",
        "calibration_note": "Cada punto, un décimo de los clientes, con su intervalo del 95 %. En "
        "la línea a trazos el riesgo dicho es lo que llegó.",
        "risk_told": "riesgo dicho",
        "left": "parte que se fue",
        "tenth": "décimo",
        "measures": "Frente a fórmulas sencillas",
        "model": "modelo",
        "amounts": "Compras y gasto",
        "purchases": "días de compra",
        "spend": "gasto, {currency}",
        "adds": "Lo que añade cada clase de registros",
        "adds_lead": "AUC (orden) y beneficio ganados al conocerla junto a las compras; las "
        "compras, junto a lo reciente, la frecuencia y el dinero.",
        "family": "clase",
        "adds_auc": "orden (AUC)",
        "adds_profit": "beneficio por cliente",
        "beyond_doubt": "sin duda",
        "to_know": "Qué saber",
        "staying": "Cuánto dura un modelo",
        "staying_lead": "Los modelos de antes, preguntados por los clientes de cortes posteriores, "
        "junto a los entrenados de nuevo: {cutoffs} cortes, el {day:%Y-%m-%d}.",
        "staying_alt": "Cuánto peores son los modelos según su edad en días, en pérdida "
        "logarítmica: {values}.",
        "staying_note": "Por encima de 0, lo que vino sorprende más al modelo viejo; las líneas "
        "son intervalos del 95 %.",
        "staying_none": "Aún no se sabe: el último paso de una ejecución, o «querencia evaluate», "
        "pregunta a los modelos de antes por clientes posteriores, y recomienda cada cuánto "
        "entrenar.",
        "age_days": "edad, días",
        "models": "modelos",
        "loss_more": "pérdida logarítmica de más",
        "profit_more": "ganancia de campaña por cliente, de más",
        "worse_sure": "peor fuera de duda",
        "health": "Salud de los datos",
        "health_lead": "Lo que hay en los registros, y lo que habla en contra de fiarse de ellos.",
        "table": "tabla",
        "records": "registros",
        "first": "desde",
        "last": "hasta",
        "no_findings": "Nada habla en contra de los registros.",
        "aside": "No está en este informe, porque los registros no lo traen: {sections}.",
        "footer": "Hecho el {made_at:%Y-%m-%d %H:%M} UTC. Esta página no pide nada a la red. "
        "Guárdela donde se guardan los registros.",
        "written": "Escrito: {path}",
    },
}


def say(name: str, language: Language, /, **figures: object) -> str:
    """A phrase with its figures."""
    return words.fill(PHRASES[language][name], language, **figures)
