"""What the rooms below say in English, in Spanish: `{}` stands for what is different each time."""

from collections.abc import Mapping

_COMPARED = (
    "{gain:+.4f} {currency} (de {low:+.4f} a {high:+.4f}) de beneficio de campaña por cliente "
    "frente a la versión {version} con {customers:,} clientes posteriores, y {loss:+.4f} de "
    "pérdida logarítmica (de {loss_low:+.4f} a {loss_high:+.4f})."
)
_BRING_BACK = (
    "Devuélvalos; si sobran, entrene una vez con QUERENCIA_TRAINING__PROMOTION__ACCEPT_LOSS=true."
)

FINDINGS: Mapping[str, str] = {
    "no_transactions": "faltan las transacciones: los modelos de abandono y valor las necesitan. "
    "Dé un fichero de compras.",
    "short_history": "{days:,} días de historia; un horizonte de {horizon_days} días necesita "
    "hasta {needed}. Traiga más historia, o acorte features.horizon_days.",
    "few_repeat_buyers": "{repeat_buyers} clientes compraron en más de un día; hacen falta al "
    "menos {fewest} para aprender cómo se suceden las compras.",
    "no_contracts": "la definición de abandono es contract, y no se conoce ningún "
    "contract_ends_at. Délo en la tabla customers, o elija otro features.churn.",
    "future": "{table}: {rows:,} filas llevan fecha futura (p. ej. {example}). Corrija las "
    "fechas; si el día y el mes están cambiados, asigne la columna con su formato (try_strptime).",
    "few_customers": "{customers:,} clientes: cuente con intervalos anchos por debajo de {fewest}.",
    "many_refused": "{table}: se rechazó el {share:.1%} de las filas; el fichero de cuarentena da "
    "el motivo de cada una.",
    "stale_transactions": "la última compra es de hace {days:,} días: quien se iba a ir ya se ha "
    "ido.",
    "stale_table": "{table} acaba {days:,} días antes que las transacciones: póngala al día.",
    "unknown_customers": "{table}: el {share:.0%} de sus clientes compró algo. ¿Es customer_id el "
    "mismo que en las transacciones?",
    "no_answers": "surveys: sin {columns} no cuenta ninguna respuesta.",
    "left_out": "no dadas esta vez, y por tanto retiradas de los registros: {tables}. Nombre todas "
    "las tablas en querencia.toml para que se lean siempre.",
    "few_return": "el {share:.1%} de los clientes compró una sola vez: de ellos el riesgo dice "
    "poco; gane primero la segunda compra.",
    "few_answers": "el {share:.1%} de los clientes ha contestado una encuesta: de los demás la "
    "satisfacción no dice nada. Pregunte a más.",
    "no_ids": "{table}: falta {key}; se numeraron las filas y no se pueden ver los duplicados.",
    "no_margin": "sin margen: el valor se cuenta en ventas por training.money.margin_rate, o por "
    "1.",
    "stepping_aside": "sin registros para estas familias de variables, que se apartan: {families}.",
    "grade_c": "Nota C: nada que ganar aquí; de {low:+.3f} a {high:+.3f} de AUC frente a la mejor "
    "fórmula ({formula}).",
    "grade": "Nota {letter}: de {low:+.3f} a {high:+.3f} de AUC frente a la mejor fórmula "
    "({formula}), de {profit_low:+.4f} a {profit_high:+.4f} de beneficio por cliente; de "
    "{naive_low:+.3f} a {naive_high:+.3f} de AUC frente a la fórmula ingenua.",
    "equal_weights": "Los miembros pesan lo mismo y nada se corrige: de las 2 fechas de corte "
    "anteriores que hacen falta para elegir otra cosa había {count}. Traiga más historia.",
    "done": "{what}: aprendido en un ensayo quitó {gain:.4f} de pérdida logarítmica en el "
    "siguiente (ganancia de {low:+.4f} a {high:+.4f}); se hace.",
    "left_undone": "{what}: aprendido en un ensayo quitó {gain:.4f} de pérdida logarítmica en el "
    "siguiente (ganancia de {low:+.4f} a {high:+.4f}); no se hace.",
    "harmful": "{what}: aprendido en un ensayo añadió {gain:.4f} de pérdida logarítmica en el "
    "siguiente (ganancia de {low:+.4f} a {high:+.4f}); no se hace.",
    "last_rehearsal": "A {cutoff} se esperaba que se fuera el {expected:.1%}, y se fue el "
    "{left:.1%}.",
    "wrong_sign_less": "{feature} tiene el signo contrario: a igualdad de lo demás, los "
    "{customers:,} clientes de {cutoff} se fueron menos cuanto más alta era ({errors:.0f} errores "
    "típicos). A menudo solo se mide a los que se quedan, o se compra en un ciclo más largo que el "
    "horizonte. Averigüe a qué se debe antes de actuar; o cambie features.horizon_days.",
    "wrong_sign_more": "{feature} tiene el signo contrario: a igualdad de lo demás, los "
    "{customers:,} clientes de {cutoff} se fueron más cuanto más alta era ({errors:.0f} errores "
    "típicos). A menudo solo se mide a los que se quedan, o se compra en un ciclo más largo que el "
    "horizonte. Averigüe a qué se debe antes de actuar; o cambie features.horizon_days.",
    "novelty": "{count} variables fueron iguales durante todo el entrenamiento y "
    "ahora varían, como {example}: entonces {was:g} para todos, y ahora otro valor en "
    "{differ:,} de {rows:,} clientes. El modelo nunca las vio variar y no las usa. Entrene de "
    "nuevo cuando se haya cerrado un horizonte con ellas: querencia train",
    "novelty_unknown": "{count} variables fueron iguales durante todo el entrenamiento y "
    "ahora varían, como {example}: entonces no se sabía de nadie, y ahora otro valor en "
    "{differ:,} de {rows:,} clientes. El modelo nunca las vio variar y no las usa. Entrene de "
    "nuevo cuando se haya cerrado un horizonte con ellas: querencia train",
    "few_leave": "Solo {few:,.0f} de {rows:,} filas de entrenamiento se fueron en los {days} días "
    "del horizonte (se fue el {rate:.1%}): los riesgos están muy juntos y las cifras tienen "
    "intervalos anchos.",
    "few_stay": "Solo {few:,.0f} de {rows:,} filas de entrenamiento se quedaron en los {days} días "
    "del horizonte (se fue el {rate:.1%}): los riesgos están muy juntos y las cifras tienen "
    "intervalos anchos.",
    "another_horizon": "Elija otro horizonte (features.horizon_days).",
    "better_horizon": "Elija otro horizonte: en {days} días cabe esperar que no compre el "
    "{rate:.0%} (features.horizon_days = {days}).",
    "no_horizon": "Ningún horizonte de hasta dos años mejora: elija otra definición de abandono.",
    "drift": "La tasa de abandono pasó del {first:.1%} ({first_day}) al {last:.1%} ({last_day}).",
    "purchases_add": "{family}: añade {gain:+.4f} de AUC (de {low:+.4f} a {high:+.4f}) a recencia, "
    "frecuencia, antigüedad y gasto.",
    "purchases_add_nothing": "{family}: no añade nada fuera de duda: {gain:+.4f} de AUC (de "
    "{low:+.4f} a {high:+.4f}) a recencia, frecuencia, antigüedad y gasto.",
    "adds": "{family}: añade {gain:+.4f} de AUC (de {low:+.4f} a {high:+.4f}) a las compras.",
    "adds_nothing": "{family}: no añade nada fuera de duda: {gain:+.4f} de AUC (de {low:+.4f} a "
    "{high:+.4f}) a las compras.",
    "amount": "{amount}: Gini {gini:.3f} (de {gini_low:.3f} a {gini_high:.3f}); el total se desvió "
    "de la verdad un {bias:+.0%} (de {bias_low:+.0%} a {bias_high:+.0%}).",
    "coverage": "{amount}: los intervalos del {nominal:.0%} contuvieron al {all:.1%} de los "
    "clientes (de {all_low:.1%} a {all_high:.1%}), y al {top:.1%} del décimo superior (de "
    "{top_low:.1%} a {top_high:.1%}).",
    "coverage_short": "{amount}: los intervalos del {nominal:.0%} contuvieron al {all:.1%} de los "
    "clientes (de {all_low:.1%} a {all_high:.1%}), y al {top:.1%} del décimo superior (de "
    "{top_low:.1%} a {top_high:.1%}): son demasiado estrechos.",
    "level_done": "nivel de {amount}: aprendido en un ensayo acercó a la verdad el total del "
    "siguiente un {gain:.1%} (ganancia de {low:+.1%} a {high:+.1%}); se hace.",
    "level_undone": "nivel de {amount}: aprendido en un ensayo acercó a la verdad el total del "
    "siguiente un {gain:.1%} (ganancia de {low:+.1%} a {high:+.1%}); no se hace.",
    "level_harmful": "nivel de {amount}: aprendido en un ensayo alejó de la verdad el total del "
    "siguiente un {gain:.1%} (ganancia de {low:+.1%} a {high:+.1%}); no se hace.",
    "value_checked": "El valor se comprobó con su propio pasado, en los {days:.0f} días cerrados "
    "desde una fecha de corte anterior: su total se desvió un {bias:+.1%}, y su intervalo del 80 % "
    "contuvo al {held:.0%} de los clientes y al {top:.0%} del décimo superior.",
    "value_unchecked": "El valor y su intervalo no se comprueban con su propio pasado: hacen falta "
    "dos fechas de corte anteriores y un horizonte de valor que llegue más allá de lo cerrado "
    "desde la segunda. Traiga más historia.",
    "no_intervals": "No hay intervalo de compras, gasto ni valor: no hubo fecha de corte anterior "
    "en que aprenderlo. Traiga más historia.",
    "dependent": "El gasto por compra y la frecuencia tienen una correlación de rangos de "
    "{rho:+.2f} (de {low:+.2f} a {high:+.2f}) entre quienes repiten: el valor los toma por "
    "independientes, lo que es falso; modele aparte las clases de clientes.",
    "independent": "El gasto por compra y la frecuencia tienen una correlación de rangos de "
    "{rho:+.2f} (de {low:+.2f} a {high:+.2f}) entre quienes repiten: el valor los toma por "
    "independientes, lo que hace poco daño.",
    "importance": "Con lo que los clientes dicen que harán ({said}) va sobre todo {words} "
    "({stated:+.2f}); con lo que hicieron va sobre todo {deeds} ({revealed:+.2f}, de {low:+.2f} a "
    "{high:+.2f}, entre clientes que compraron igual).",
    "said_only": "Va con lo que los clientes dicen, y no fuera de duda con lo que hicieron: "
    "{measures}.",
    "done_only": "Va con lo que los clientes hicieron, y no fuera de duda con lo que dicen: "
    "{measures}.",
    "ceiling": "{feature} está en su techo: el {share:.0%} de las respuestas es lo mejor que se "
    "puede contestar, así que distingue a pocos clientes. Pregunte algo más fino.",
    "uplift_not_yet": "{offer}: a qué clientes retiene uno por uno no se sabe aún con {contacts:,} "
    "contactos; hacen falta unos {more:,} más. Se usan las tasas de retención por motivo.",
    "uplift_out_of_reach": "{offer}: a qué clientes retiene uno por uno no se puede saber con "
    "{contacts:,} contactos; harían falta más que otros tantos como los {customers:,} clientes que "
    "hay, lo que queda fuera de alcance. Se usan las tasas de retención por motivo.",
    "uplift_taken": "{offer}: a quién retiene se dice uno por uno, lo que ordena a clientes no "
    "vistos mejor que sus motivos (Qini de {low:+.4f} a {high:+.4f}).",
    "offer_saves": "{offer}: de los clientes que se habrían ido retiene al {rate:.0%}, con un "
    "margen del {sd:.0%}, según {contacts:,} contactos al azar y lo supuesto de antemano.",
    "offer_segments": "{offer}: retiene sobre todo a aquellos cuyo riesgo viene de {best} "
    "({best_rate:.0%}) y menos a aquellos cuyo riesgo viene de {worst} ({worst_rate:.0%}).",
    "offer_goes_on": "{offer}: tras {contacts:,} contactos nada es tan seguro como para detenerla.",
    "offer_harms": "{offer}: deténgala, ahuyenta a clientes: del {least:.1%} al {most:.1%} de los "
    "contactados (seguro al {sure:.1%}, se mire cuantas veces se mire).",
    "offer_does_nothing": "{offer}: deténgala, no recupera su coste: cada contacto que parecía "
    "valer la pena perdió de {least:,.2f} a {most:,.2f} (seguro al {sure:.1%}, se mire cuantas "
    "veces se mire).",
    "first_model": "el primer modelo",
    "unfit_champion": "No se comparó nada: el campeón, la versión {version}, no encaja: {why}",
    "earns_more": _COMPARED,
    "surprised_more": f"{_COMPARED} Lo ocurrido le sorprendió más, fuera de duda.",
    "renewed": f"{_COMPARED} No es peor, y el campeón tiene {{horizons:.1f}} horizontes (se "
    "renueva a los {most:g}).",
    "not_better": f"{_COMPARED} No es mejor fuera de duda.",
    "miscalibrated": "Su riesgo se desvía {loss:.3f} de media (ECE); se admite {most:.3f}, y "
    "{chance:.3f} podría ser azar.",
    "lost_records": "Los registros carecen de {records}, por los que la versión {version} conoce a "
    f"los clientes. {_BRING_BACK}",
    "shrunken": "{table}: {now:,} filas, un {share:.0%} menos que las {before:,} con que se "
    f"entrenó la versión {{version}}. {_BRING_BACK}",
    "older_records": "Los registros acaban antes que cuando se entrenó la versión {version}. "
    f"{_BRING_BACK}",
    "too_many_refused": "{table}: se rechazó el {share:.1%} de las {rows:,} filas leídas, y se "
    "admite el {most:.1%} (watch.most_refused). El fichero de cuarentena da los motivos.",
    "no_table": "{table}: no hay registros, y se esperan (watch.most_days_old).",
    "too_old": "{table}: el último registro es de hace {days:,} días, y se admiten {most} "
    "(watch.most_days_old). ¿Se sigue haciendo la exportación?",
    "amount_jump": "transactions: en {count} semanas los importes son de otro tamaño, como desde "
    "{week} ({median:,.2f} en el medio, {usual:,.2f} en todas; watch.most_jump). Corríjalos y "
    "envíelos de nuevo con un recorded_at posterior, o lea de nuevo todos los ficheros.",
    "missing_days": "transactions: ninguna en {days}, aunque esos días de la semana tienen "
    "{usual:,.0f}. Envíelas, si las hubo.",
    "lost_columns": "{table}: la fuente ya no tiene {columns}, que los registros conocen. "
    "Devuélvalas; si sobran, lea de nuevo todos los ficheros: querencia check",
    "repeated": "{table}: {again:,} filas no dijeron nada que no se supiera, como de un fichero "
    "enviado dos veces. Cuentan una vez.",
    "nothing_new": "{table}: no llegó nada nuevo, aunque eran de esperar {expected:,.0f} filas "
    "desde la última lectura. ¿Se hace la exportación, y a tiempo?",
    "emptied": "{table}: su fuente está vacía, aunque eran de esperar {expected:,.0f} filas desde "
    "la última lectura. ¿Está entera la exportación?",
    "taken_back": "Nada de lo leído esta vez se añadió a los registros. Corríjalo y haga que se "
    "lea de nuevo; las filas rechazadas están en la carpeta refused.",
    "champion_changed": "Entretanto sirve la versión {champion}, y esta no se comparó con ella.",
    "drifted": "Frente a los clientes con que se entrenó la versión {version}, el riesgo tiene un "
    "índice de estabilidad de población de {risk:.3f} y las variables de {mean:.3f} de media, la "
    "que más {feature} ({index:.2f}); se admite {most:.2f} (watch.most_drift).",
    "realised": "De {customers:,} clientes puntuados para {cutoff} por la versión {version}, iba a "
    "irse el {promised:.1%} en {days} días y se fue el {came:.1%}; el riesgo se desvió {loss:.3f} "
    "de media (ECE), y se admite {most:.3f} además del azar.",
    "stays": "Hasta los {days} días de edad, los modelos no fueron peores fuera de duda que los "
    "entrenados de nuevo ({loss:+.4f} de log loss, {low:+.4f} a {high:+.4f}): entrenar más a "
    "menudo no ha compensado.",
    "fades": "Entrene al menos cada {every} días: los modelos de {days} días fueron peores que los "
    "entrenados de nuevo en {loss:+.4f} de log loss ({low:+.4f} a {high:+.4f}) y {profit:+.4f} "
    "{currency} de ganancia de campaña por cliente (schedule.train_every_days).",
    "taken_up": "La ejecución fue interrumpida tras {steps}, y se retoma ahí.",
    "given_up": "La ejecución fue interrumpida {tries} veces, la última tras {steps}. ¿Hay memoria "
    "suficiente?",
    "run_failed": "El paso {step} falló: {why}",
    "example_failed": "La versión {version} no responde a su ejemplo guardado como antes de "
    "guardarse.",
}
"""The findings of `features.findings` and of training, by name."""

REFUSALS: Mapping[str, str] = {
    "{} is missing": "falta {}",
    "{} is not a time": "{} no es una fecha",
    "{} is not an amount": "{} no es un importe",
    "{} is not a number": "{} no es un número",
    "{} is not true or false": "{} no es true ni false",
    "{} is before {}": "{} es anterior a {}",
    "{} is negative": "{} es negativo",
    "{} is not positive": "{} no es positivo",
    "{} appears more than once": "{} aparece más de una vez",
    "the row has more columns than the header": "la fila tiene más columnas que la cabecera",
    "put values that hold the separator in double quotes": "ponga entre comillas dobles los "
    "valores que contienen el separador",
    "kind is none of the known surveys": "kind no es ninguna de las encuestas conocidas",
    "score is off its scale": "score se sale de su escala",
    "propensity is not in (0, 1]": "propensity no está entre 0 y 1",
    "currency has no rate for that day": "la divisa no tiene cambio para ese día",
    "give every row an id": "dé a cada fila un identificador",
    "fill it in": "rellénelo",
    "write times as 2024-05-31 or 2024-05-31T10:15:00Z": "escriba las fechas como 2024-05-31 o "
    "2024-05-31T10:15:00Z",
    "write amounts as 1234.50, without thousands separator or currency sign": "escriba los "
    "importes como 1234.50, sin separador de miles ni signo de moneda",
    "write numbers as 12.5": "escriba los números como 12.5",
    "write true or false": "escriba true o false",
    "give its rates as a table: [tables.rates] with currency, occurred_at, rate": "dé los cambios "
    "como tabla: [tables.rates] con currency, occurred_at, rate",
    "give every row an id of its own; the first row was kept": "dé a cada fila un identificador "
    "propio; se conservó la primera fila",
    "correct it where it was recorded": "corríjalo donde se anotó",
}
"""Why rows are refused, and what to do about it (`features.intake`)."""

COLUMNS: Mapping[str, str] = {
    "who bought, answered or called": "quién compró, contestó o llamó",
    "when the company learned of it; else at once": "cuándo lo supo la empresa; si no, en el acto",
    "web, shop, app, phone, e-mail, ...": "web, tienda, app, teléfono, correo, ...",
    "names the row": "identifica la fila",
    "when it was delivered": "cuándo se entregó",
    "when it was answered": "cuándo se contestó",
    "when it was first_response": "cuándo hubo la primera respuesta",
    "when it was resolved": "cuándo se resolvió",
    "when it was reopened": "cuándo se reabrió",
    "when it was redeemed": "cuándo se aprovechó",
    "when it was bought": "cuándo se compró",
    "net amount; negative for a refund": "importe neto; negativo si es una devolución",
    "ISO code, where it is not the reporting currency": "código ISO, si no es la moneda de cuenta",
    "what the company keeps of the amount": "lo que le queda a la empresa del importe",
    "what was bought": "qué se compró",
    "when delivery was promised": "para cuándo se prometió la entrega",
    "taken off the list price": "lo rebajado del precio de tarifa",
    "what was asked": "qué se preguntó",
    "when it was asked": "cuándo se preguntó",
    "the answer, on the survey's scale": "la respuesta, en la escala de la encuesta",
    "worst answer, above scale_max where less is better": "la peor respuesta, por encima de "
    "scale_max si menos es mejor",
    "best answer": "la mejor respuesta",
    "in the customer's words": "en palabras del cliente",
    "what it was about": "de qué trataba",
    "of the comment: es, en, ...": "del comentario: es, en, ...",
    "when the customer first asked": "cuándo preguntó el cliente por primera vez",
    "whether it was a complaint": "si fue una queja",
    "minutes of work, known when resolved": "minutos de trabajo, sabidos al resolverse",
    "whether the comment may be quoted": "si se puede citar el comentario",
    "whether it was resolved in the time promised": "si se resolvió en el tiempo prometido",
    "when they were in touch": "cuándo hubo contacto",
    "through which channel": "por qué canal",
    "of the journey": "fase del viaje del cliente",
    "where they met": "dónde se encontraron",
    "the issue it belongs to": "la incidencia a la que pertenece",
    "who answered": "quién atendió",
    "when the customer recommended": "cuándo recomendó el cliente",
    "who came of it": "quién vino por ello",
    "the campaign": "la campaña",
    "when it was decided": "cuándo se decidió",
    "name of the offer, or 'control'": "nombre de la oferta, o 'control'",
    "what it cost": "lo que costó",
    "chance of this arm when decided": "probabilidad de esta rama al decidir",
    "when they became known": "desde cuándo se le conoce",
    "the company's own segment": "el segmento propio de la empresa",
    "ISO code": "código ISO",
    "when the subscription ends": "cuándo acaba la suscripción",
    "when they asked to be forgotten": "cuándo pidió que se le olvidara",
    "ISO code of a foreign currency": "código ISO de una divisa",
    "from when on the rate holds": "desde cuándo vale el cambio",
    "reporting currency for one of it": "moneda de cuenta por cada unidad",
}
"""What the columns of the input tables mean (`features.records`)."""

FEATURES: Mapping[str, str] = {
    "repeat purchase days": "días de compra repetida",
    "age at the last purchase": "antigüedad en la última compra",
    "age: days since the first purchase": "antigüedad: días desde la primera compra",
    "mean net spend per repeat purchase day": "gasto neto medio por día de compra repetida",
    "net spend ever": "gasto neto de siempre",
    "days since the last purchase": "días desde la última compra",
    "silence in units of the own mean gap": "silencio, en intervalos medios propios",
    "mean days between purchases": "días entre compras, media",
    "median days between purchases": "días entre compras, mediana",
    "days nine in ten of the own gaps stay within": "días que no pasan nueve de cada diez "
    "intervalos propios",
    "spread of the days between purchases": "dispersión de los días entre compras",
    "days from the first to the second purchase": "días de la primera a la segunda compra",
    "0 buyer, 1 customer, 2 frequent": "0 comprador, 1 cliente, 2 frecuente",
    "purchase days in the last {} days": "días de compra en los últimos {} días",
    "net spend in the last {} days": "gasto neto en los últimos {} días",
    "purchases of the last {} days beside the own pace": "compras de los últimos {} días frente "
    "al ritmo propio",
    "spend of the last {} days less the {} before": "gasto de los últimos {} días menos el de los "
    "{} anteriores",
    "refunds as a share of gross spend": "devoluciones sobre el gasto bruto",
    "promised deliveries that arrived": "entregas prometidas que llegaron",
    "share of deliveries that came late": "parte de las entregas que llegó tarde",
    "late share of the last {} days less ever": "parte tardía de los últimos {} días menos la de "
    "siempre",
    "mean delay of late deliveries": "retraso medio de las entregas tardías",
    "worst delay": "el peor retraso",
    "delay of the last delivery": "retraso de la última entrega",
    "mean days from purchase to delivery": "días de la compra a la entrega, media",
    "spread of the days to delivery": "dispersión de los días hasta la entrega",
    "promises broken in the last {} days": "promesas incumplidas en los últimos {} días",
    "deliveries overdue now": "entregas atrasadas ahora",
    "last answer of any kind": "última respuesta, de cualquier tipo",
    "mean answer of any kind": "respuesta media, de cualquier tipo",
    "worst answer of any kind": "la peor respuesta, de cualquier tipo",
    "mean of the last {} days less ever": "media de los últimos {} días menos la de siempre",
    "spread of the answers": "dispersión de las respuestas",
    "days since the last answer": "días desde la última respuesta",
    "how many answers": "cuántas respuestas",
    "how many comments": "cuántos comentarios",
    "days since the last comment": "días desde el último comentario",
    "comments about: {}": "comentarios sobre: {}",
    "share of surveys answered": "parte de las encuestas contestada",
    "days without purchase after a bad answer": "días sin comprar tras una mala respuesta",
    "last NPS: -1 detractor, 0 passive, 1 promoter": "último NPS: -1 detractor, 0 pasivo, "
    "1 promotor",
    "stated share of wallet": "parte declarada de su gasto",
    "last {} answer": "última respuesta {}",
    "mean {} answer": "respuesta {} media",
    "tickets ever": "incidencias de siempre",
    "tickets of the last {} days": "incidencias de los últimos {} días",
    "contacts about tickets in the last {} days": "contactos por incidencias en los últimos {} "
    "días",
    "channel switches within tickets in the last {} days": "cambios de canal dentro de "
    "incidencias en los últimos {} días",
    "tickets not resolved within {} hours in the last {} days": "incidencias sin resolver en {} "
    "horas en los últimos {} días",
    "tickets open now": "incidencias abiertas ahora",
    "complaints ever": "quejas de siempre",
    "share of tickets on a topic asked before": "parte de las incidencias con tema repetido",
    "reopened tickets per resolved one": "incidencias reabiertas por cada resuelta",
    "share resolved at the first contact": "parte resuelta al primer contacto",
    "contacts per ticket": "contactos por incidencia",
    "channel switches per ticket": "cambios de canal por incidencia",
    "median time to first response": "tiempo hasta la primera respuesta, mediana",
    "longest time to first response": "tiempo hasta la primera respuesta, el mayor",
    "median time to resolution": "tiempo hasta la solución, mediana",
    "longest time to resolution": "tiempo hasta la solución, el mayor",
    "share resolved later than {} hours": "parte resuelta en más de {} horas",
    "mean work on a resolved ticket": "trabajo medio por incidencia resuelta",
    "last answer how easy it was": "última respuesta sobre lo fácil que fue",
    "mean answer how easy it was": "respuesta media sobre lo fácil que fue",
    "effort asked, or shown by what tickets took": "esfuerzo preguntado, o visto en lo que "
    "costaron las incidencias",
    "referrals given": "recomendaciones hechas",
    "purchases of referred customers": "compras de los recomendados",
    "share of purchases at full price": "parte de las compras a precio completo",
    "channels bought through": "canales por los que compró",
    "categories bought": "categorías compradas",
    "signs of emotional connection": "señales de conexión emocional",
    "offers received": "ofertas recibidas",
    "share of offers redeemed": "parte de las ofertas aprovechada",
    "days since the last offer": "días desde la última oferta",
    "whether an offer was made in the last {} days": "si se le hizo una oferta en los últimos {} "
    "días",
    "{} at the turn of the year, {} in July": "{} en fin de año, {} en julio",
    "{} in April, {} in October": "{} en abril, {} en octubre",
}
"""What features mean (`features.feature`)."""

NAMES: Mapping[str, str] = {
    "purchases": "compras",
    "promises": "promesas",
    "satisfaction": "satisfacción",
    "comments": "comentarios",
    "effort": "esfuerzo",
    "loyalty": "lealtad",
    "offers": "ofertas",
    "season": "época del año",
    "silence": "silencio",
    "fading": "compra menos",
    "habit": "costumbre",
    "spend": "gasto",
    "breadth": "amplitud",
    "discounts": "descuentos",
    "newness": "novedad",
    "returns": "devoluciones",
    "error": "error",
    "warning": "aviso",
    "advice": "consejo",
    "days": "días",
    "hours": "horas",
    "minutes": "minutos",
    "currency": "moneda",
    "contact": "contacto",
    "purchase": "compra",
    "delivery": "entrega",
    "late delivery": "entrega tardía",
    "ticket": "incidencia",
    "survey": "encuesta",
    "weights of the members": "pesos de los miembros",
    "shift of the base rate": "desplazamiento de la tasa de abandono",
    "beta calibration": "calibración beta",
}
"""Feature families, drivers, units, levels of findings, and what can be done to the risk."""

ACTIONS: Mapping[str, str] = {
    "get in touch before the usual day of purchase is long past": "contacte antes de que pase de "
    "largo su día habitual de compra",
    "remind of what they used to buy, and ask what changed": "recuerde lo que solía comprar, y "
    "pregunte qué cambió",
    "win the next purchase: a reason to come back soon": "gane la próxima compra: un motivo para "
    "volver pronto",
    "show more of what they like": "enseñe más de lo que le gusta",
    "introduce a second category or channel": "presente una segunda categoría o canal",
    "reward without a discount: service, access, priority": "premie sin descuento: servicio, "
    "acceso, prioridad",
    "win the second purchase": "gane la segunda compra",
    "find out why it was sent back": "averigüe por qué lo devolvió",
    "apologise, and give the next delivery priority": "discúlpese, y dé prioridad a la próxima "
    "entrega",
    "ask what went wrong, and put it right": "pregunte qué falló, y arréglelo",
    "solve the issue at the first contact, and say that it is solved": "resuelva al primer "
    "contacto, y diga que está resuelto",
    "thank them, and let them recommend": "dé las gracias, y deje que recomiende",
    "leave alone for a while": "deje en paz un tiempo",
    "nothing: it is the time of the year": "nada: es la época del año",
}
"""What to do about each driver (`features.feature`)."""

INDICATORS: Mapping[str, str] = {
    "Reviews": "Reseñas",
    "CSAT, top two": "CSAT, dos mejores",
    "Loyalty index": "Índice de lealtad",
    "Consistency of answers": "Regularidad de las respuestas",
    "Response rate": "Tasa de respuesta",
    "Repurchase intent": "Intención de recompra",
    "Real repurchase": "Recompra real",
    "Intent kept": "Intención cumplida",
    "Wallet share, stated": "Cuota de cartera, declarada",
    "Wallet share, estimated": "Cuota de cartera, estimada",
    "Spend": "Gasto",
    "Repeat rate": "Tasa de repetición",
    "Time to second purchase": "Tiempo hasta la segunda compra",
    "Churn rate": "Tasa de abandono",
    "Loss to acquisition": "Pérdidas por captación",
    "Lifetime": "Tiempo de vida",
    "Referral rate": "Tasa de recomendación",
    "What a referral buys": "Lo que compra una recomendación",
    "Promise kept": "Promesa cumplida",
    "Consistency of delivery": "Regularidad de la entrega",
    "First-contact resolution": "Resolución al primer contacto",
    "Contacts per issue": "Contactos por incidencia",
    "Channel switches per issue": "Cambios de canal por incidencia",
    "Never handed over": "Sin traspasos",
    "Reopened": "Reabiertas",
    "Resolved in time": "Resueltas a tiempo",
    "Response time": "Tiempo de respuesta",
    "Response time, worst tenth": "Tiempo de respuesta, peor décima parte",
    "Resolution time": "Tiempo de solución",
    "Resolution time, worst tenth": "Tiempo de solución, peor décima parte",
    "Handling time": "Tiempo de trabajo",
    "Handling time, worst tenth": "Tiempo de trabajo, peor décima parte",
    "answers from 0 to 10: share of promoters (9-10) less share of detractors (0-6), in points": ""
    "respuestas de 0 a 10: parte de promotores (9-10) menos parte de detractores (0-6), en puntos",
    "mean satisfaction answered, on a scale from 1 (worst) to 5 (best)": "satisfacción media "
    "contestada, en escala de 1 (peor) a 5 (mejor)",
    "share of the satisfaction answers that are one of the two best points of their scale": "parte "
    "de las respuestas de satisfacción que es uno de los dos mejores puntos de su escala",
    "mean ease answered, on a scale from 1 (hardest) to 7 (easiest), whichever way the survey's "
    "own scale runs": "facilidad media contestada, en escala de 1 (lo más difícil) a 7 (lo más "
    "fácil), vaya como vaya la escala de la encuesta",
    "mean satisfaction index answered, from 0 to 100": "índice de satisfacción contestado, media, "
    "de 0 a 100",
    "mean review, on a scale from 1 (worst) to 5 (best)": "reseña media, en escala de 1 (peor) a 5 "
    "(mejor)",
    "mean loyalty answered, from 0 to 100": "lealtad media contestada, de 0 a 100",
    "spread (standard deviation) of all satisfaction answers, each from 0 to 100": "dispersión "
    "(desviación típica) de todas las respuestas de satisfacción, cada una de 0 a 100",
    "share of the surveys sent in the period that were answered by its end": "parte de las "
    "encuestas enviadas en el periodo que se contestó antes de su fin",
    "share of the answers on buying again that are one of the two best points of their scale": ""
    "parte de las respuestas sobre volver a comprar que es uno de los dos mejores puntos de su "
    "escala",
    "share of those who answered on buying again, whatever they said, who bought in the horizon "
    "after; horizons that closed in the period": "parte de quienes contestaron sobre volver a "
    "comprar, dijeran lo que dijeran, que compró en el horizonte siguiente; horizontes cerrados en "
    "el periodo",
    "share of those who intended to buy again who bought in the horizon after; horizons that "
    "closed in the period": "parte de quienes pensaban volver a comprar que compró en el horizonte "
    "siguiente; horizontes cerrados en el periodo",
    "mean share of their wallet that customers say they spend here": "parte media de su cartera "
    "que los clientes dicen gastar aquí",
    "mean of each customer's net spend in the period over that which nine in ten of their segment "
    "stay under, at most 1: the wallet is taken to be what the best spend": "media del gasto neto "
    "de cada cliente en el periodo entre el que no pasan nueve de cada diez de su segmento, 1 como "
    "mucho: se toma por cartera lo que gastan los mejores",
    "mean net spend in the period of the customers who bought in it": "gasto neto medio en el "
    "periodo de los clientes que compraron en él",
    "share of the customers who bought in the period who by its end had bought on more than one "
    "day": "parte de los clientes que compraron en el periodo que a su fin había comprado en más "
    "de un día",
    "median days from the first to the second purchase day, of the second ones in the period": ""
    "mediana de los días del primer al segundo día de compra, de los segundos del periodo",
    "share of the customers at the period's start who were lost by its end: silent for a whole "
    "horizon, or out of contract where churn is by contract": "parte de los clientes al comienzo "
    "del periodo que se perdió antes de su fin: un horizonte entero sin comprar, o sin contrato "
    "donde el abandono es por contrato",
    "customers lost in the period per customer acquired in it": "clientes perdidos en el periodo "
    "por cada cliente captado en él",
    "days that customers stay if they go on being lost at the period's churn rate": "días que se "
    "quedan los clientes si se siguen perdiendo a la tasa de abandono del periodo",
    "share of the customers who bought in the period who recommended in it": "parte de los "
    "clientes que compraron en el periodo que recomendó en él",
    "mean net spend of the customer referred in the horizon after the referral, 0 where nobody "
    "came; horizons that closed in the period": "gasto neto medio del recomendado en el horizonte "
    "tras la recomendación, 0 si no vino nadie; horizontes cerrados en el periodo",
    "share of the deliveries that came or fell due in the period that came by the time promised": ""
    "parte de las entregas llegadas o vencidas en el periodo que llegó en el plazo prometido",
    "spread (standard deviation) of the days from purchase to delivery": "dispersión (desviación "
    "típica) de los días de la compra a la entrega",
    "share of the issues resolved in the period that took one contact and were not reopened": ""
    "parte de las incidencias resueltas en el periodo que llevó un contacto y no se reabrió",
    "mean contacts of the issues resolved in the period": "contactos, media, de las incidencias "
    "resueltas en el periodo",
    "mean changes of channel from one contact to the next, of the issues resolved in the period": ""
    "cambios de canal de un contacto al siguiente, media, de las incidencias resueltas en el "
    "periodo",
    "share of the issues resolved in the period without a contact at the touchpoint hand-over, "
    "where the records have that touchpoint": "parte de las incidencias resueltas en el periodo "
    "sin contacto en el punto hand-over, si los registros tienen ese punto",
    "share of the issues resolved in the period that were reopened by its end": "parte de las "
    "incidencias resueltas en el periodo que se reabrió antes de su fin",
    "share of the issues resolved in the period that were resolved in the time promised": "parte "
    "de las incidencias resueltas en el periodo que se resolvió en el tiempo prometido",
    "median hours from an issue's opening to the first response": "mediana de las horas de la "
    "apertura de una incidencia a la primera respuesta",
    "what one in ten exceeds: hours from an issue's opening to the first response": "lo que una de "
    "cada diez supera: horas de la apertura de una incidencia a la primera respuesta",
    "median hours from an issue's opening to its resolution": "mediana de las horas de la apertura "
    "de una incidencia a su solución",
    "what one in ten exceeds: hours from an issue's opening to its resolution": "lo que una de "
    "cada diez supera: horas de la apertura de una incidencia a su solución",
    "median minutes of work on an issue resolved": "mediana de los minutos de trabajo en una "
    "incidencia resuelta",
    "what one in ten exceeds: minutes of work on an issue resolved": "lo que una de cada diez "
    "supera: minutos de trabajo en una incidencia resuelta",
    "new": "nuevo",
    "buyer": "comprador",
    "customer": "cliente",
    "frequent": "frecuente",
    "fan": "fan",
    "kept": "cumplida",
    "late": "tarde",
    "overdue": "vencida",
    "points": "puntos",
}
"""Titles and definitions of indicators (`features.indicators`), their groups and units."""
