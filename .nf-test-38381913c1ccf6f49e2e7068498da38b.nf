// comes from nf-test to store json files
params.nf_test_output  = ""

// include dependencies

include { MAKE_DATASET  } from '/work/wt/pipeline/modules/make_dataset/main.nf'


// include test process
include { EVALUATE } from '/work/wt/pipeline/modules/evaluate/main.nf'

workflow {

    // define custom rules for JSON that will be generated.
    def jsonOutput = createJsonOutput()
    def jsonWorkflowOutput = createJsonWorkflowOutput()

    def input = []

    // run dependencies
    
    input = []
    
                input[0] = channel.of([[id: 'demo'], file("/work/wt/pipeline/assets/demo/alpha-globin.fa.gz", checkIfExists: true), [file("/work/wt/pipeline/assets/demo/alpha-globin.fa.gz.fai"), file("/work/wt/pipeline/assets/demo/alpha-globin.fa.gz.gzi")], file("/work/wt/pipeline/assets/demo/ccre-pels.bed"), []])
                
    MAKE_DATASET.run(input.toArray())
    

    // process mapping
    input = []
    
                input[0] = MAKE_DATASET.out.dataset.map { meta, data -> [meta, data, file("/work/wt/pipeline/src/dnabert_enhancer/model/default")] }
                
    //----

    //run process
    EVALUATE.run(input.toArray())

    if (EVALUATE.output){

        // consumes all named output channels and stores items in a json file
        EVALUATE.out.getNames().each { name ->
            serializeChannel(name, EVALUATE.out.getProperty(name), jsonOutput, params.nf_test_output)
        }	  

        // consumes all unnamed output channels and stores items in a json file
        def array = EVALUATE.out as List<Object>
        def i = 0
        array.each { output ->
            serializeChannel(i, output, jsonOutput, params.nf_test_output)
            i += 1
        }    	

    }

    // get topics    
    serializeTopic("versions", channel.topic("versions"), jsonOutput, params.nf_test_output)

    // finalize test
    workflow.onComplete = {
        def result = [
            success: workflow.success,
            exitStatus: workflow.exitStatus,
            errorMessage: workflow.errorMessage,
            errorReport: workflow.errorReport
        ]
        new File("${params.nf_test_output}/workflow.json").text = jsonWorkflowOutput.toJson(result)
        
    }
}

def serializeChannel(name, channel, jsonOutput, outputDir) {
    def _name = name
    def list = [ ]
    channel.subscribe(
        onNext: { entry ->
            list.add(entry)
        },
        onComplete: {
            def map = new HashMap()
            map[_name] = list
            def filename = "${outputDir}/output_${_name}.json"
            new File(filename).text = jsonOutput.toJson(map)		  		
        } 
    )
}

def serializeTopic(name, topic, jsonOutput, outputDir) {
    def list = [ ]
    topic.subscribe(
        onNext: { entry ->
            list.add(entry)
        },
        onComplete: {
            def map = new HashMap()
            map[name] = list
            def filename = "${outputDir}/topic_${name}.json"
            new File(filename).text = jsonOutput.toJson(map)		  		
        } 
    )
}

def createJsonOutput(_input = null) {
    // _input is needed because a closure is provided to all functions called in the process
    return [
        toJson: { obj ->
            def converted = convertPathsToStrings(obj)
            return groovy.json.JsonOutput.toJson(converted)
        }
    ]
}

def convertPathsToStrings(obj) {
    if (obj instanceof java.nio.file.Path) {
        return obj.toAbsolutePath().toString()
    } else if (obj instanceof Map) {
        return obj.collectEntries { k, v -> [k, convertPathsToStrings(v)] }
    } else if (obj instanceof Collection) {
        return obj.collect { it -> convertPathsToStrings(it) }
    } else {
        return obj
    }
}

def createJsonWorkflowOutput(_input = null) {
    // _input is needed because a closure is provided to all functions called in the workflow
    return [
        toJson: { obj ->
            def filtered = removeNullValues(obj)
            return groovy.json.JsonOutput.toJson(filtered)
        }
    ]
}

def removeNullValues(obj) {
    if (obj instanceof Map) {
        return obj.findAll { _k, v -> v != null }.collectEntries { k, v -> [k, removeNullValues(v)] }
    } else if (obj instanceof Collection) {
        return obj.findAll { it -> it != null }.collect { it -> removeNullValues(it) }
    } else {
        return obj
    }
}