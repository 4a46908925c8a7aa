"""Words the patterns go by: those beside a name or a place, and those that are neither."""


def words(text: str) -> frozenset[str]:
    """The words of a text as a set: a list of hundreds reads better as lines than as quotes."""
    return frozenset(text.split())


# After a title or an introduction.
NOT_NAMES = words(
    """
    a an and as at be but by for from in into is it its not no of on or so than that the then there
    this to too very was were with without who whom which what when where why how if my your his
    her our their i you he she we they will would can could should may might must do does did done
    has have had been being are am just also only here now later again still already really always
    never sorry happy unsure confused sure right wrong student studying looking trying having going
    missing listed spelled shown misspelled displayed written hidden changed private unknown
    practitioner practitioners education educator led station staff staffing manager anesthetist
    midwife specialist shortage burnout patient patients rate rates value values data degree dose
    und oder aber nicht falsch der die das ein eine ist sind war wird mit auf aus bei nach von zu
    le la les des du un une et est sont pas que qui pour dans avec sur y el los las una es son
    imaging angiography spectroscopy scan scans score antigen antigens positive negative
    """
)

# After "patient": what headings and sentences begin with.
NO_PERSONS = NOT_NAMES | words(
    """
    presents presented presenting presentation presentations complains complained complaint reports
    reported denies denied admits describes states develops developed shows showed appears has had
    received receives underwent takes took arrives arrived dies died safety care centered centred
    health history histories education counseling counselling controlled consent autonomy advocacy
    assessment management monitoring outcome outcomes outcome-based population populations position
    positioning positions blood group groups family families record records portal reported-outcome
    experience satisfaction selection stratification factors characteristics demographics cases
    case based interview interviews questionnaire protection privacy rights bill confidentiality
    transfer transport handoff handover discharge admission triage flow volume data files notes
    summary overview information leaflet leaflets simulation scenarios communication doctor
    physician nurse relationship encounter encounters skills examination exam exams clinical
    medical surgical acute chronic severe mild moderate adult pediatric paediatric geriatric male
    elderly female young old type stage class grade risk self specific derived recorded activation
    adherence compliance engagement involvement participation perspective preferences navigation
    navigator diabetic hypertensive septic post pre status q&a
    should must may can could will would develops requires needs need complaining suffering treated
    team big part lost stuck new back done fan off under in-class phase level group grade part
    diagnosed undergoing taking receiving living following after before during since aged
    """
)

# One of these is in every text that the patterns of names can match.
NAME_CLUES = words(
    """
    name names named called namens nommé nommée llamado llamada llamo llama chiamo chamo heter
    heiße heisse heißt heisst heet appelle nom nombre nome naam namn surname vorname nachname
    apellido apellidos prénom cognome nazywam benim зовут
    dr prof mr mrs ms mx mme mlle hr fr sr sra srta dra sig dott drs ing professor professorin
    doctor miss mister nurse herr herrn frau señor señora señorita monsieur madame docteur signor
    signora dottor dottoressa mevrouw meneer dhr pan pani doktor oberarzt oberärztin
    patient patients pt pts pat paciente paziente patiënt client proband patientin
    im m am this bin soy suis sono my our mein meine meiner mi mon ma
    regards wishes sincerely truly faithfully cheers thanks thank grüße grüsse grüßen grüssen
    cordialement saludos saluti mvg lg
    """
)

# One of these, or a road as the prefilter knows them, is in every text that holds an address.
PLACE_CLUES = words(
    """
    street avenue road boulevard lane drive court terrace parkway highway crescent close place
    st av ave rd blvd ln dr ct ter pkwy hwy cres pl sq way square box zip post postcode postal plz
    rue bd allée chemin impasse quai calle avenida avd avda plaza paseo rua viale corso piazza via
    weg platz
    """
)
